#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Get-TrainingKeyPair' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'tells what is on this computer and in EC2' {
        $pair = New-TrainingKeyPair -Name seen
        $found = Get-TrainingKeyPair seen
        $found.State | Should -Be 'Matched'
        $found.KeyPath | Should -Be $pair.KeyPath
        $found.Fingerprint | Should -Be $pair.Fingerprint
    }

    It 'gives nothing for a name that no pair has' {
        Get-TrainingKeyPair no-such-pair | Should -BeNullOrEmpty
    }
}
