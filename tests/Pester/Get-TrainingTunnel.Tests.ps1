#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Get-TrainingTunnel' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $one, $two = 1, 2 | ForEach-Object { Get-TestInstance | New-TrainingTunnel 22 }
    }

    AfterAll {
        Get-TrainingTunnel | Remove-TrainingTunnel
        Exit-Rehearsal
    }

    It 'lists the tunnels of the session' {
        (Get-TrainingTunnel).LocalPort | Sort-Object | Should -Be ($one.LocalPort, $two.LocalPort | Sort-Object)
        (Get-TrainingTunnel $two.LocalPort).LocalPort | Should -Be $two.LocalPort
        ($one | Get-TrainingTunnel).LocalPort | Should -Be $one.LocalPort
    }

    It 'names a port without a tunnel' {
        Assert-StepError (Get-StepError { Get-TrainingTunnel 1 }) TunnelNotFound ObjectNotFound
    }

    It 'completes the ports' {
        (TabExpansion2 'Get-TrainingTunnel -LocalPort ').CompletionMatches.CompletionText | Should -Contain "$($one.LocalPort)"
    }
}
