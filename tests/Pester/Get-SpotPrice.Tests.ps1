#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Get-SpotPrice' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'draws how prices moved' {
        $history = Find-SpotOffer -First 1 | Get-SpotPrice
        $history.Sparkline.Length | Should -Be 28
        $history.Points[-1].Price | Should -Be $history.Price
        ($history | Out-String -Width 120) | Should -Match 'Trend'
    }
}
