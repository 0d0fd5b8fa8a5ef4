#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Update-TrainingSecurityGroup' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'lets in the range that is given, beside the one that was given before' {
        $group = New-TrainingSecurityGroup updated -AllowedCidr 203.0.113.7/32
        $updated = $group | Update-TrainingSecurityGroup -AllowedCidr 203.0.113.8/32
        $updated.Id | Should -Be $group.Id
        $updated.AllowedCidrs | Sort-Object | Should -Be '203.0.113.7/32', '203.0.113.8/32'
    }

    It 'takes a group that crossed a process, its ID, and its name' {
        $group = New-TrainingSecurityGroup crossed -AllowedCidr 203.0.113.7/32
        $group | Export-Clixml (Join-Path $TestDrive 'group.xml')
        $saved = Import-Clixml (Join-Path $TestDrive 'group.xml')
        foreach ($given in $saved, $group.Id, 'crossed') {
            ($given | Update-TrainingSecurityGroup -AllowedCidr 203.0.113.7/32).Id | Should -Be $group.Id
        }
        $saved.Endpoint = 'http://127.0.0.1:1/'
        Assert-StepError (Get-StepError { $saved | Update-TrainingSecurityGroup -AllowedCidr 203.0.113.7/32 }) OtherCloud InvalidArgument
    }

    It 'changes nothing with -WhatIf' {
        $null = New-TrainingSecurityGroup unchanged -AllowedCidr 203.0.113.7/32
        Update-TrainingSecurityGroup unchanged -AllowedCidr 203.0.113.9/32 -WhatIf | Should -BeNullOrEmpty
        (Update-TrainingSecurityGroup unchanged -AllowedCidr 203.0.113.7/32).AllowedCidrs | Should -Be '203.0.113.7/32'
    }

    It 'warns about a wide range each time, also with -WhatIf' {
        $null = New-TrainingSecurityGroup widened -AllowedCidr 203.0.113.7/32
        "$(Update-TrainingSecurityGroup widened -AllowedCidr 0.0.0.0/0 -WhatIf 3>&1)" | Should -Match 'would be open to 0.0.0.0/0'
        foreach ($time in 1..2) {
            "$(Update-TrainingSecurityGroup widened -AllowedCidr 0.0.0.0/0 3>&1)" | Should -Match 'is open to 0.0.0.0/0'
        }
    }

    It 'names a group that there is not' {
        $record = Get-StepError { Update-TrainingSecurityGroup no-such-group -AllowedCidr 203.0.113.7/32 }
        Assert-StepError $record SecurityGroupNotFound ObjectNotFound
    }
}
