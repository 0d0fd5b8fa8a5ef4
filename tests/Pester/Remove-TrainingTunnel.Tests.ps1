#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Remove-TrainingTunnel' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $instance = Get-TestInstance
    }

    AfterAll {
        Get-TrainingTunnel | Remove-TrainingTunnel
        Exit-Rehearsal
    }

    It 'closes tunnels by object and by port' {
        $one, $two = 1, 2 | ForEach-Object { $instance | New-TrainingTunnel 22 }
        $one | Remove-TrainingTunnel | Should -BeNullOrEmpty
        $one.State | Should -Be Closed
        Remove-TrainingTunnel $two.LocalPort
        $two.State | Should -Be Closed
        Get-TrainingTunnel | Should -BeNullOrEmpty
        { [System.Net.Sockets.TcpClient]::new('127.0.0.1', $one.LocalPort) } | Should -Throw

        # Closed already.
        $one | Remove-TrainingTunnel -ErrorAction Stop
    }

    It 'names a port without a tunnel' {
        Assert-StepError (Get-StepError { Remove-TrainingTunnel 1 }) TunnelNotFound ObjectNotFound
    }

    It 'closes nothing with -WhatIf' {
        $tunnel = $instance | New-TrainingTunnel 22
        $tunnel | Remove-TrainingTunnel -WhatIf
        $tunnel.State | Should -Be Open
    }
}
