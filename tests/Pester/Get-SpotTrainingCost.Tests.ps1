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

    It 'estimates what machines have cost' {
        $costs = Get-TestPair | Get-SpotTrainingCost
        $costs.Count | Should -Be 2
        $costs.EstimatedCost | ForEach-Object { $_ | Should -BeGreaterThan 0 }
    }
}
