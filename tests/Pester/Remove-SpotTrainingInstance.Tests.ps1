#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Remove-SpotTrainingInstance' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'removes nothing with -WhatIf' {
        $instance = Get-TestInstance
        $instance | Remove-SpotTrainingInstance -WhatIf | Should -BeNullOrEmpty
        (Get-SpotTrainingInstance -Name pester).State | Should -Be 'running'
    }

    It 'removes several machines, whose cost is still known then' {
        $machines = Find-SpotOffer m7i.large -First 1 |
            New-SpotTrainingInstance -Count 2 -Name gone -MaxHours 1 -NoWait -InformationAction Ignore
        ($machines | Remove-SpotTrainingInstance).State | Should -Be 'terminated', 'terminated'
        (Get-SpotTrainingCost gone-*).State | Should -Be 'terminated', 'terminated'
    }

    It 'removes the instance that it finds through the result' {
        $script = Join-Path $TestDrive 'short.py'
        Set-Content -LiteralPath $script -Value "print('done')"
        $instance = Get-TestOffer | New-SpotTrainingInstance -Name last -Budget 0.25 -MaxHours 1 6> $null
        $job = $instance | Install-CondaStack -Package pandas | Start-TrainingJob -Path $script | Wait-TrainingJob
        "$($job | Remove-SpotTrainingInstance -WhatIf 3>&1)" | Should -Match 'has results that were not fetched'
        $result = $job | Receive-TrainingResult -Destination (Join-Path $TestDrive 'result')
        $removed = $result | Remove-SpotTrainingInstance
        $removed.InstanceId | Should -Be $instance.InstanceId
        $removed.State | Should -Be 'terminated'
        $removed.Cost | Should -BeGreaterThan 0
        $removed.OnDemandCost | Should -BeGreaterThan $removed.Cost
        (Get-SpotTrainingInstance).InstanceId | Should -Not -Contain $removed.InstanceId
    }
}
