#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

# A terminal itself is tested where there is one: tests/SpotTrainer.Tests/Instances/EnterInstanceTests.cs.
BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Enter-SpotTrainingInstance' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $instance = Get-TestInstance
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'opens no terminal where nobody can type' -Skip:(-not [Console]::IsInputRedirected) {
        Assert-StepError (Get-StepError { $instance | Enter-SpotTrainingInstance }) NoTerminal InvalidOperation
    }

    It 'does not know an instance that is not there' {
        Assert-StepError (Get-StepError { Enter-SpotTrainingInstance nobody }) InstanceNotFound ObjectNotFound
    }

    It 'completes the names of instances' {
        Get-Completion 'Enter-SpotTrainingInstance pes' | Should -Contain 'pester'
    }
}
