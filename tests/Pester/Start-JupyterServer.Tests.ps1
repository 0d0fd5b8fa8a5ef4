#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Start-JupyterServer' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'warns about a wide range with -WhatIf' {
        $warnings = Get-TestInstance | Start-JupyterServer -OpenPort -AllowedCidr 0.0.0.0/0 -WhatIf 3>&1
        "$warnings" | Should -Match 'Port 8888 would be open to 0.0.0.0/0'
    }

    It 'starts Jupyter on the loopback of the machine' {
        $server = Get-TestServer
        $server.State | Should -Be 'running'
        ($server | Invoke-TrainingCommand -Result "curl -ks $($server.Url)api").Output | Should -Match '"version"'

        # Kernels inherit the environment of the stack.
        $server | Invoke-TrainingCommand "for pid in `$(pgrep -P $($server.ProcessId)); do tr '\0' '\n' < /proc/`$pid/environ; done | grep ^CONDA_PREFIX=" |
            Should -Be "CONDA_PREFIX=$((Get-TestStack).Prefix)"
        Show $server | Should -Match 'Instance\s+State\s+Port\s+Kernels\s+Url\s+Version'
    }
}
