#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Set-SpotRehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        $null = Set-SpotRehearsal -Reset
        Exit-Rehearsal
    }

    It 'changes nothing with -WhatIf' {
        Set-SpotRehearsal -DenyAction ec2:DescribeSpotPriceHistory -WhatIf | Should -BeNullOrEmpty
        Find-SpotOffer -First 1 -Days 0 | Should -Not -BeNullOrEmpty
    }

    It 'makes EC2 run out of capacity, until it is reset' {
        $null = Set-SpotRehearsal -NoCapacity m7i.large
        $offer = Find-SpotOffer m7i.large -First 1
        Get-StepError { $offer | New-SpotTrainingInstance -Name none -MaxHours 1 -NoWait -InformationAction Ignore } |
            Should -Not -BeNullOrEmpty
        (Get-SpotTrainingInstance).Name | Should -Not -Contain 'none'
        (Set-SpotRehearsal -Reset).State | Should -Be 'running'
        $machine = $offer | New-SpotTrainingInstance -Name some -MaxHours 1 -NoWait -InformationAction Ignore
        ($machine | Remove-SpotTrainingInstance -Confirm:$false).State | Should -Be 'terminated'
    }

    It 'names a quota that there is not' {
        Assert-StepErrorId (Get-StepError { Set-SpotRehearsal -Quota @{ 'L-NONE' = 1 } }) 'UnknownQuota'
    }
}
