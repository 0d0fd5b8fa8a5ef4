#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Set-SpotTrainingDeadline' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'moves the deadline' {
        $machine = @(Get-TestPair | Wait-SpotTrainingInstance)[0]
        $moved = $machine | Set-SpotTrainingDeadline -AddHours -0.5
        $moved.Deadline | Should -Be $machine.Deadline.AddHours(-0.5)
    }

    It 'moves nothing with -WhatIf' {
        $instance = Get-TestInstance
        $instance | Set-SpotTrainingDeadline -AddHours -0.1 -WhatIf | Should -BeNullOrEmpty
        (Get-SpotTrainingInstance -Name pester).Deadline | Should -Be $instance.Deadline
    }
}
