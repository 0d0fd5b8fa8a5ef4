#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Stop-JupyterServer' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $server = Get-TestServer
    }

    AfterAll {
        $global:SpotTrainerTests.Made.Remove('server')
        Exit-Rehearsal
    }

    It 'stops nothing with -WhatIf' {
        $server | Stop-JupyterServer -WhatIf | Should -BeNullOrEmpty
        ($server | Invoke-TrainingCommand -Result "curl -ks $($server.Url)api").Output | Should -Match '"version"'
    }

    It 'stops Jupyter' {
        ($server | Stop-JupyterServer).State | Should -Be 'stopped'
        ($server | Invoke-TrainingCommand -Result "curl -ks $($server.Url)api" -AllowFailure).ExitCode | Should -Not -Be 0
    }
}
