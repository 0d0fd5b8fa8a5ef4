#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Stop-SpotRehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $rehearsal = Enter-Rehearsal
        $instance = Get-TestInstance
        $offers = Get-TestOffer
        $key = $instance.KeyPath
        $keyBefore = Test-Path -LiteralPath $key
        $notStopped = Stop-SpotRehearsal -WhatIf
        $stateBefore = $rehearsal.State
        $rehearsal | Export-Clixml (Join-Path $TestDrive 'rehearsal.xml')
        $saved = Import-Clixml (Join-Path $TestDrive 'rehearsal.xml')
        $other = Import-Clixml (Join-Path $TestDrive 'rehearsal.xml')
        $other.EndpointUrl = 'http://127.0.0.1:1/'
        $refused = Get-StepError { $other | Stop-SpotRehearsal }
        $end = $saved | Stop-SpotRehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'stops nothing with -WhatIf' {
        $notStopped | Should -BeNullOrEmpty
        $stateBefore | Should -Be 'running'
    }

    It 'refuses the rehearsal of another session, and takes one that crossed a process' {
        Assert-StepError $refused OtherCloud InvalidArgument
        $end | Should -Be $rehearsal
        Assert-StepErrorId (Get-StepError { $saved | Stop-SpotRehearsal }) 'NoRehearsal'
    }

    It 'ended, and its objects lead nowhere else' {
        $end.State | Should -Be 'ended'
        Assert-StepErrorId (Get-StepError { $instance | Invoke-TrainingCommand 'true' }) 'RehearsalEnded'
        Assert-StepErrorId (Get-StepError { $offers | New-SpotTrainingInstance }) 'RehearsalEnded'
    }

    It 'left no key behind' {
        $keyBefore | Should -BeTrue
        $key | Should -Not -Exist
    }

    It 'has nothing to stop then, nor after Start-SpotRehearsal -WhatIf' {
        Start-SpotRehearsal -WhatIf | Should -BeNullOrEmpty
        Assert-StepErrorId (Get-StepError { Stop-SpotRehearsal }) 'NoRehearsal'
    }
}
