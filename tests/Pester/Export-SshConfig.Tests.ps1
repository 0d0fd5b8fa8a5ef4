#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))

    # ssh looks in the home folder that the system's list of users has, so it gets one with this test's folder there.
    function Invoke-Ssh {
        $seen = (& getent passwd (id -u)).Split(':')[5]
        bwrap --dev-bind / / --bind $env:HOME $seen ssh -o BatchMode=yes @args 2>&1
    }

    function Get-Block([string] $Alias) {
        (Get-Content -Raw -LiteralPath "$env:HOME/.ssh/spottrainer/config") -split '(?m)^(?=Host )' | Where-Object { $_ -like "Host $Alias`n*" }
    }
}

Describe 'Export-SshConfig' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $before = $env:HOME
        $env:HOME = (New-Item -ItemType Directory (Join-Path $TestDrive 'home')).FullName
        $instance = Get-TestInstance
        $null = New-Item -ItemType Directory "$env:HOME/.ssh"
        $own = "Host mine`r`n    Port 77`r`nHost *`r`n    ForwardAgent yes"
        [System.IO.File]::WriteAllText("$env:HOME/.ssh/config", $own)
    }

    AfterAll {
        $env:HOME = $before
        Exit-Rehearsal
    }

    It 'writes nothing with -WhatIf' {
        Export-SshConfig -WhatIf | Should -BeNullOrEmpty
        "$env:HOME/.ssh/spottrainer" | Should -Not -Exist
        [System.IO.File]::ReadAllText("$env:HOME/.ssh/config") | Should -BeExactly $own
    }

    It 'has no Windows Terminal here' {
        Assert-StepError (Get-StepError { Export-SshConfig -WindowsTerminal }) WindowsOnly NotImplemented
        "$env:HOME/.ssh/spottrainer" | Should -Not -Exist
    }

    It 'lets ssh in without a question' {
        $entry = Export-SshConfig | Where-Object Name -EQ pester
        $entry.Instance.InstanceId | Should -Be $instance.InstanceId
        $entry.HostName | Should -Be $instance.HostName
        ($entry | Out-String -Width 60) -replace '\s' | Should -Match "$($instance.InstanceId)\)"
        Show $entry | Should -Match '(?m)^pester +127\.0\.64\.\d+ +22 +ubuntu +pester \(i-'
        [System.IO.File]::ReadAllText("$env:HOME/.ssh/config") | Should -BeExactly "Include spottrainer/config`r`n$own"
        Invoke-Ssh pester 'id -un' | Should -Be 'ubuntu'
        Invoke-Ssh -G mine | Should -Contain 'port 77'
    }

    It 'gives ssh what it needs, whatever the rest of the file says' {
        $seen = Invoke-Ssh -G pester
        'stricthostkeychecking true', 'identitiesonly yes', 'forwardagent no', 'updatehostkeys false', "hostkeyalias $($instance.InstanceId)",
            "identityfile $($instance.KeyPath)", "userknownhostsfile $env:HOME/.ssh/spottrainer/known_hosts", 'globalknownhostsfile /dev/null' |
            ForEach-Object { $seen | Should -Contain $_ }
    }

    It 'lets VS Code in, which starts a shell and a tunnel' {
        $seen = (& getent passwd (id -u)).Split(':')[5]
        $listener = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $listener.Stop()
        'echo $((6 * 7)); exit 3' | bwrap --dev-bind / / --bind $env:HOME $seen ssh -o BatchMode=yes -T -D $port pester bash 2>$null |
            Should -Be '42'
        $LASTEXITCODE | Should -Be 3
    }

    It 'changes nothing the second time' {
        $files = Get-ChildItem -Recurse -File -LiteralPath "$env:HOME/.ssh"
        $first = $files | ForEach-Object { [System.IO.File]::ReadAllText($_.FullName) }
        $null = Export-SshConfig
        $files | ForEach-Object { [System.IO.File]::ReadAllText($_.FullName) } | Should -Be $first
    }

    # SPOTTRAINER_FULL=1 tries a hundred moments.
    It 'leaves whole files whenever it is stopped' {
        $moments = if ($env:SPOTTRAINER_FULL -eq '1') { 100 } else { 12 }
        $random = [System.Random]::new(20260711)
        $session = [powershell]::Create()
        try {
            $null = $session.AddScript("Import-Module '$manifest'; Get-TrainingTunnel").Invoke()
            $session.Commands.Clear()
            $null = $session.AddScript('Export-SshConfig -Remove; Export-SshConfig')
            foreach ($moment in 1..$moments) {
                $running = $session.BeginInvoke()
                Start-Sleep -Milliseconds $random.Next(400)
                $session.Stop()
                $running.IsCompleted | Should -BeTrue
                $session.Streams.Error | Should -BeNullOrEmpty
                [System.IO.File]::ReadAllText("$env:HOME/.ssh/config") | Should -BeIn $own, "Include spottrainer/config`r`n$own"
                $null = Invoke-Ssh -G mine
                $LASTEXITCODE | Should -Be 0
            }
        }
        finally {
            $session.Dispose()
        }

        (Export-SshConfig).Name | Should -Contain pester
        Invoke-Ssh pester 'id -un' | Should -Be 'ubuntu'
    }

    It 'leaves a read-only file alone' {
        chmod 400 "$env:HOME/.ssh/config"
        $record = Get-StepError { Export-SshConfig -Remove }
        chmod 600 "$env:HOME/.ssh/config"
        Assert-StepError $record AccessDenied PermissionDenied
        "$record" | Should -Match "'Include spottrainer/config'"
        [System.IO.File]::ReadAllText("$env:HOME/.ssh/config") | Should -BeExactly "Include spottrainer/config`r`n$own"
    }

    It 'refuses a changed host key' {
        $path = "$env:HOME/.ssh/spottrainer/known_hosts"
        $known = [System.IO.File]::ReadAllText($path)
        $null = ssh-keygen -q -t ed25519 -N '' -C made-for-tests -f "$env:HOME/other"
        $other = (Get-Content -LiteralPath "$env:HOME/other.pub").Split(' ')[1]
        try {
            [System.IO.File]::WriteAllText($path, "$($instance.InstanceId) ssh-ed25519 $other`n")
            Invoke-Ssh pester 'id -un' | Out-String | Should -Match 'Host key verification failed'
            $LASTEXITCODE | Should -Be 255
        }
        finally {
            [System.IO.File]::WriteAllText($path, $known)
        }
    }

    It 'follows what is launched and removed' {
        # The instance that is there before has the name until a newer one has it.
        $newer = Find-SpotOffer m7i.large -First 1 |
            New-SpotTrainingInstance -Name pester -MaxHours 1 -WarningVariable warnings -WarningAction SilentlyContinue 6> $null
        "$warnings" | Should -BeLike "*$($instance.InstanceId)) in us-east-1 already has this name*"
        $end = $instance.InstanceId.Substring($instance.InstanceId.Length - 4)
        Get-Block pester | Should -Match $newer.InstanceId
        Get-Block "pester-$end" | Should -Match $instance.InstanceId
        Invoke-Ssh pester hostname | Should -Be ($newer | Invoke-TrainingCommand hostname)

        $null = $newer | Remove-SpotTrainingInstance
        Get-Block pester | Should -Match $instance.InstanceId
        Get-Block "pester-$end" | Should -BeNullOrEmpty
        Get-Content -LiteralPath "$env:HOME/.ssh/spottrainer/known_hosts" | Should -Not -Match $newer.InstanceId
    }

    It 'never makes a launch or a removal fail' {
        Remove-Item -LiteralPath "$env:HOME/.ssh/spottrainer/known_hosts"
        $null = New-Item -ItemType Directory "$env:HOME/.ssh/spottrainer/known_hosts"
        try {
            $other = Find-SpotOffer m7i.large -First 1 |
                New-SpotTrainingInstance -Name other -MaxHours 1 -WarningVariable warnings -WarningAction SilentlyContinue 6> $null
            "$warnings" | Should -BeLike '*could not be updated*Export-SshConfig*'
            ($other | Remove-SpotTrainingInstance -WarningAction SilentlyContinue).State | Should -Be 'terminated'
        }
        finally {
            Remove-Item -LiteralPath "$env:HOME/.ssh/spottrainer/known_hosts"
        }
    }

    It 'takes everything away again' {
        Export-SshConfig -Remove -WhatIf
        "$env:HOME/.ssh/spottrainer" | Should -Exist
        Export-SshConfig -Remove | Should -BeNullOrEmpty
        "$env:HOME/.ssh/spottrainer" | Should -Not -Exist
        [System.IO.File]::ReadAllText("$env:HOME/.ssh/config") | Should -BeExactly $own
    }
}
