#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Connect-JupyterServer' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'connects, and returns the address' {
        $connection = Get-TestServer | Connect-JupyterServer -NoBrowser 6> $null
        $connection.State | Should -Be 'Open'
        $connection.Url | Should -Match '^https://localhost:\d+/$'
        Show $connection | Should -Match 'Instance\s+Url\s+State\s+Version\s+Certificate'
        Get-TestInstance | Connect-JupyterServer -Url | Should -Be $connection.Url
        (Get-TestInstance | Get-JupyterServer).LocalUrl | Should -Be $connection.Url
        curl -sk "$($connection.Url)api" | Should -Match '"version"'
    }

    It 'opens nothing with -WhatIf' {
        Get-TestServer | Connect-JupyterServer -WhatIf | Should -BeNullOrEmpty
    }
}
