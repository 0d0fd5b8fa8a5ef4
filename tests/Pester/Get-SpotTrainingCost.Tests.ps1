#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Get-SpotTrainingCost' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'shows the costs at 80 columns, in the same form in every culture' {
        foreach ($culture in 'en-US', 'de-DE') {
            $table = Use-Culture $culture { Get-TestPair | Get-SpotTrainingCost | Out-String -Width 80 }
            $table | Should -Match 'half-1 +\d+\.\d\d +0\.\d{4} +0\.\d{4} +0\.\d{4} rehearsal +\w+'
            $table | Should -Not -Match '…'
        }
    }

    It 'estimates what machines have cost' {
        $costs = Get-TestPair | Get-SpotTrainingCost
        $costs.Count | Should -Be 2
        $costs.EstimatedCost | ForEach-Object { $_ | Should -BeGreaterThan 0 }
    }
}
