#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Start-PuttySession' {
    BeforeAll {
        $before = $env:PUTTYDIR
        $env:PUTTYDIR = (New-Item -ItemType Directory (Join-Path $TestDrive 'putty')).FullName
    }

    AfterAll {
        $env:PUTTYDIR = $before
    }

    It 'names a session that PuTTY does not have' {
        Assert-StepError (Get-StepError { Start-PuttySession no-such-session-of-the-tests }) PuttySessionNotFound ObjectNotFound
    }

    It 'finds that with -WhatIf, too' {
        Assert-StepErrorId (Get-StepError { Start-PuttySession no-such-session-of-the-tests -WhatIf }) 'PuttySessionNotFound'
    }

    Context 'with an instance' -Skip:(-not $IsLinux) {
        BeforeAll {
            $null = Enter-Rehearsal
            $instance = Get-TestInstance
            $session = [System.IO.Path]::Combine($env:PUTTYDIR, 'sessions', $instance.Name)
            $given = Join-Path $TestDrive 'given'
            $search, $display = $env:PATH, $env:DISPLAY

            # A stand-in for PuTTY that records its arguments.
            $program = Join-Path (New-Item -ItemType Directory (Join-Path $TestDrive 'bin')) 'putty'
            Set-Content -LiteralPath $program "#!/bin/sh`nprintf '%s ' `"`$@`" > '$given'"
            chmod 700 $program
            $env:DISPLAY = ':9'

            function Get-Opened {
                param([scriptblock] $Start)

                Remove-Item -LiteralPath $given -ErrorAction Ignore
                $process = & $Start
                $process.WaitForExit(60000) | Should -BeTrue
                (Get-Content -LiteralPath $given -Raw).Trim()
            }
        }

        BeforeEach {
            $env:PATH = "$(Join-Path $TestDrive 'bin'):$search"
            Get-ChildItem -Path (Join-Path $env:PUTTYDIR 'sessions') -ErrorAction Ignore | Remove-Item
        }

        AfterAll {
            $env:PATH, $env:DISPLAY = $search, $display
            Exit-Rehearsal
        }

        It 'starts and writes nothing with -WhatIf' {
            $instance | Start-PuttySession -PassThru -WhatIf | Should -BeNullOrEmpty
            $session | Should -Not -Exist
        }

        It 'writes the session first' {
            Get-Opened { $instance | Start-PuttySession -PassThru } | Should -Be "-load $($instance.Name)"
            Get-Content -LiteralPath $session | Should -Contain "HostName=$($instance.HostName)"
        }

        It 'opens the session that there is, and changes nothing in it' {
            $null = $instance | New-PuttySession
            Add-Content -LiteralPath $session 'WinTitle=mine'
            $before = Get-FileHash -LiteralPath $session
            Get-Opened { Start-PuttySession -Instance $instance.Name -PassThru } | Should -Be "-load $($instance.Name)"
            (Get-FileHash -LiteralPath $session).Hash | Should -Be $before.Hash
        }

        It 'opens a session of another name for the host' {
            $null = $instance | New-PuttySession mine
            Get-Opened { $instance | Start-PuttySession -PassThru } | Should -Be '-load mine'
            $session | Should -Not -Exist
        }

        It 'rewrites a session that accepts another host key' {
            $null = $instance | New-PuttySession
            (Get-Content -LiteralPath $session) -replace '^SSHManualHostKeys=.*', 'SSHManualHostKeys=AAAAC3NzaC1lZDI1NTE5AAAAIGjt' |
                Set-Content -LiteralPath $session
            Get-Opened { $instance | Start-PuttySession -PassThru } | Should -Be "-load $($instance.Name)"
            Get-Content -LiteralPath $session | Should -Not -Contain 'SSHManualHostKeys=AAAAC3NzaC1lZDI1NTE5AAAAIGjt'
        }

        It 'replaces a session for another host with -Force only' {
            $null = $instance | New-PuttySession
            (Get-Content -LiteralPath $session) -replace '^HostName=.*', 'HostName=elsewhere' | Set-Content -LiteralPath $session
            Assert-StepError (Get-StepError { $instance | Start-PuttySession }) PuttySessionExists ResourceExists
            Get-Opened { $instance | Start-PuttySession -Force -PassThru } | Should -Be "-load $($instance.Name)"
        }

        It 'opens the session that New-PuttySession wrote, also from another process' {
            $null = $instance | New-PuttySession
            Get-Opened { $instance | New-PuttySession other | Start-PuttySession -PassThru } | Should -Be '-load other'
            $saved = [System.Management.Automation.PSSerializer]::Serialize(($instance | New-PuttySession third))
            Get-Opened { [System.Management.Automation.PSSerializer]::Deserialize($saved) | Start-PuttySession -PassThru } |
                Should -Be '-load third'
        }

        It 'writes nothing if PuTTY is missing' {
            $env:PATH = $TestDrive
            Assert-StepError (Get-StepError { $instance | Start-PuttySession }) PuttyMissing NotInstalled
            Assert-StepErrorId (Get-StepError { $instance | Start-PuttySession -WhatIf }) PuttyMissing
            $session | Should -Not -Exist
        }

        It 'completes the names of instances' {
            Get-Completion 'Start-PuttySession -Instance pes' | Should -Contain $instance.Name
        }
    }
}
