#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Remove-TrainingKeyPair' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'removes no key with -WhatIf' {
        $pair = New-TrainingKeyPair -Name remove-what-if
        $pair | Remove-TrainingKeyPair -WhatIf | Should -BeNullOrEmpty
        (Get-TrainingKeyPair remove-what-if).State | Should -Be 'Matched'
        ($pair | Remove-TrainingKeyPair -Confirm:$false).State | Should -Be 'Removed'
        Get-TrainingKeyPair remove-what-if | Should -BeNullOrEmpty
        $pair.KeyPath | Should -Not -Exist
    }
}
