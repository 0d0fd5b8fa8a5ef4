#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'New-TrainingTunnel' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $instance = Get-TestInstance
        $null = $instance | Invoke-TrainingCommand 'mkdir -p ~/web && echo through > ~/web/page; cd ~/web; setsid python3 -m http.server 8765 --bind 127.0.0.1 < /dev/null > /dev/null 2>&1 &'
        $null = $instance | Invoke-TrainingCommand 'until curl -s 127.0.0.1:8765/page; do sleep 0.1; done' -Timeout 60
    }

    AfterAll {
        Get-TrainingTunnel | Remove-TrainingTunnel
        Exit-Rehearsal
    }

    It 'brings a port of the host to this computer' {
        $tunnel = $instance | New-TrainingTunnel 8765
        $tunnel.State | Should -Be Open
        $tunnel.Instance.InstanceId | Should -Be $instance.InstanceId
        (Invoke-RestMethod "http://127.0.0.1:$($tunnel.LocalPort)/page").Trim() | Should -Be through
        ($tunnel | Out-String) | Should -Match ([regex]::Escape($tunnel.Address))
    }

    It 'names a port that is in use' {
        $first = $instance | New-TrainingTunnel 8765
        Assert-StepError (Get-StepError { $instance | New-TrainingTunnel 8765 -LocalPort $first.LocalPort }) PortInUse ResourceBusy
    }

    It 'opens nothing with -WhatIf' {
        $before = @(Get-TrainingTunnel).Count
        $instance | New-TrainingTunnel 8765 -WhatIf | Should -BeNullOrEmpty
        @(Get-TrainingTunnel).Count | Should -Be $before
    }

    It 'says that nothing answers at <At>' -ForEach @(
        @{ At = 'localhost:9'; To = @{ RemotePort = 9 } }
        @{ At = 'nowhere.invalid:8765'; To = @{ RemotePort = 8765; RemoteHost = 'nowhere.invalid' } }
    ) {
        $tunnel = $instance | New-TrainingTunnel @To
        { Invoke-RestMethod "http://$($tunnel.Address)/page" } | Should -Throw
        $tunnel.State | Should -Be Open
        $tunnel.Reason | Should -Match "Nothing answers at $At of pester"
    }
}
