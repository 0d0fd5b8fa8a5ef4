#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'New-TrainingSecurityGroup' {
    It 'names a range that can not be one' {
        { New-TrainingSecurityGroup -AllowedCidr 300.0.0.1/32 } | Should -Throw -ErrorId '*NewTrainingSecurityGroup*'
    }
}

Describe 'New-TrainingSecurityGroup on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'makes none with -WhatIf' {
        New-TrainingSecurityGroup what-if -AllowedCidr 203.0.113.7/32 -WhatIf | Should -BeNullOrEmpty
        Assert-StepErrorId (Get-StepError { Update-TrainingSecurityGroup what-if -AllowedCidr 203.0.113.7/32 }) 'SecurityGroupNotFound'
    }

    It 'warns about a wide range, also with -WhatIf' {
        "$(New-TrainingSecurityGroup wide -AllowedCidr 0.0.0.0/0 -WhatIf 3>&1)" | Should -Match 'Port 22 would be open to 0.0.0.0/0, the whole world'
        "$(New-TrainingSecurityGroup wide -AllowedCidr 0.0.0.0/0 3>&1)" | Should -Match 'Port 22 is open to 0.0.0.0/0, the whole world'
    }

    It 'makes one that lets in one address at one port' {
        $group = New-TrainingSecurityGroup made -AllowedCidr 203.0.113.7/32
        $group.Name | Should -Be 'made'
        $group.Port | Should -Be 22
        $group.AllowedCidrs | Should -Be '203.0.113.7/32'
    }

    It 'does not make one twice' {
        $null = New-TrainingSecurityGroup twice -AllowedCidr 203.0.113.7/32
        Assert-StepErrorId (Get-StepError { New-TrainingSecurityGroup twice -AllowedCidr 203.0.113.7/32 }) 'SecurityGroupExists'
    }
}
