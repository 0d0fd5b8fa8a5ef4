#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Get-SpotTrainingInstance' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'finds the instance again' {
        $instance = Get-TestInstance
        (Get-SpotTrainingInstance -Name pest*).InstanceId | Should -Be $instance.InstanceId
    }

    It 'finds machines by name and state' {
        $null = Get-TestPair | Wait-SpotTrainingInstance
        $found = Get-SpotTrainingInstance half-* -State running
        $found.Count | Should -Be 2
    }
}
