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
}
