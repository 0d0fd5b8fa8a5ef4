#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'New-TrainingKeyPair' {
    It 'completes algorithms' {
        Get-Completion 'New-TrainingKeyPair -Algorithm ' | Should -Be 'ECDSA', 'Ed25519', 'RSA'
    }
}

Describe 'New-TrainingKeyPair on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'makes no key with -WhatIf' {
        New-TrainingKeyPair -Name what-if -WhatIf | Should -BeNullOrEmpty
        (New-TrainingKeyPair -Name what-if).Name | Should -Be 'what-if'
    }

    It 'refuses a name that Windows reserves' {
        Assert-StepError (Get-StepError { New-TrainingKeyPair con -LocalOnly }) NameInvalid InvalidArgument
        Get-TrainingKeyPair con | Should -BeNullOrEmpty
    }
}
