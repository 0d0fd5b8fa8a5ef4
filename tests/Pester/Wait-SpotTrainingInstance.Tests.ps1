#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Wait-SpotTrainingInstance' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'waits until machines are ready' {
        $ready = Get-TestPair | Wait-SpotTrainingInstance
        $ready.State | Should -Be 'running', 'running'
        ($ready | Invoke-TrainingCommand -Result 'true').ExitCode | Should -Be 0, 0
    }

    It 'waits until a machine has ended' {
        $machine = Find-SpotOffer -First 1 | New-SpotTrainingInstance -Name ends -MaxHours 1 -NoWait -InformationAction Ignore
        $null = $machine | Remove-SpotTrainingInstance -Confirm:$false
        ($machine | Wait-SpotTrainingInstance -For Terminated).State | Should -Be 'terminated'
    }
}
