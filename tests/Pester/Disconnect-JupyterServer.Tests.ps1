#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Disconnect-JupyterServer' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'closes a connection, and there is none to close after that' {
        $connection = Get-TestServer | Connect-JupyterServer -NoBrowser 6> $null
        ($connection | Disconnect-JupyterServer).State | Should -Be 'Closed'
        Assert-StepError (Get-StepError { $connection | Disconnect-JupyterServer }) JupyterNotConnected ObjectNotFound
        (Get-TestServer | Get-JupyterServer).State | Should -Be 'running'
    }
}
