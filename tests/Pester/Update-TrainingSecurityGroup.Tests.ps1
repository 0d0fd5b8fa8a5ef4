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

    It 'changes nothing with -WhatIf' {
        $null = New-TrainingSecurityGroup unchanged -AllowedCidr 203.0.113.7/32
        Update-TrainingSecurityGroup unchanged -AllowedCidr 203.0.113.9/32 -WhatIf | Should -BeNullOrEmpty
        (Update-TrainingSecurityGroup unchanged -AllowedCidr 203.0.113.7/32).AllowedCidrs | Should -Be '203.0.113.7/32'
    }

    It 'names a group that there is not' {
        $record = Get-StepError { Update-TrainingSecurityGroup no-such-group -AllowedCidr 203.0.113.7/32 }
        Assert-StepError $record SecurityGroupNotFound ObjectNotFound
    }
}
