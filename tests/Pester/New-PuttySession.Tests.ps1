#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'New-PuttySession' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $before = $env:PUTTYDIR
        $env:PUTTYDIR = (New-Item -ItemType Directory (Join-Path $TestDrive 'putty')).FullName
        $instance = Get-TestInstance
    }

    AfterAll {
        $env:PUTTYDIR = $before
        Exit-Rehearsal
    }

    It 'writes nothing with -WhatIf' {
        $instance | New-PuttySession what-if -WhatIf | Should -BeNullOrEmpty
        Join-Path $env:PUTTYDIR 'sessions/what-if' | Should -Not -Exist
    }

    It 'writes a session that knows the host, the user and the key' {
        $session = $instance | New-PuttySession machine
        $session.GetType().FullName | Should -Match '^SpotTrainer\..*PuttySession$'
        $session.Instance.InstanceId | Should -Be $instance.InstanceId
        $text = Get-Content -LiteralPath (Join-Path $env:PUTTYDIR 'sessions/machine')
        $text | Should -Contain "HostName=$($instance.HostName)"
        $text | Should -Contain "UserName=$($instance.UserName)"
        ($text -like 'PublicKeyFile=*').Substring(14) | Should -Exist
    }

    It 'completes the names of sessions' {
        Get-Completion 'Start-PuttySession ma' | Should -Be 'machine'
    }
}
