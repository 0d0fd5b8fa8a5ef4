#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

# A terminal itself is tested where there is one: tests/SpotTrainer.Tests/Remote/EnterHostTests.cs.
BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Enter-TrainingHost' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $instance = Get-TestInstance
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'opens no terminal where nobody can type' -Skip:(-not [Console]::IsInputRedirected) {
        Assert-StepError (Get-StepError { $instance | Enter-TrainingHost }) NoTerminal InvalidOperation
    }

    It 'enters one host only' {
        Assert-StepError (Get-StepError { $instance, $instance | Enter-TrainingHost }) OneHostOnly InvalidArgument
    }

    It 'completes the names of instances' {
        Get-Completion 'Enter-TrainingHost pes' | Should -Contain 'pester'
    }
}
