#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Invoke-TrainingCommand' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $instance = Get-TestInstance
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'tells the exit code and the last lines of a command that failed' {
        $record = Get-StepError { $instance | Invoke-TrainingCommand 'echo too bad >&2; exit 3' }
        Assert-StepError $record RemoteCommandFailed InvalidResult
        "$record" | Should -Match 'exit code 3.*too bad'
    }

    It 'runs a here-string with the line ends of Windows' {
        ($instance | Invoke-TrainingCommand -Result "for i in 1 2`r`ndo`r`n  echo `$i`r`ndone`r`n").Output | Should -Be "1`n2`n"
    }

    It 'runs nothing with -WhatIf' {
        $instance | Invoke-TrainingCommand 'touch ~/what-if' -WhatIf | Should -BeNullOrEmpty
        ($instance | Invoke-TrainingCommand -Result 'test -e ~/what-if' -AllowFailure).ExitCode | Should -Be 1
    }
}
