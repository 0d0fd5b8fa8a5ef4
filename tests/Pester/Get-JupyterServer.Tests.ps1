#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Get-JupyterServer' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'shows the server, by any object of its host' {
        $started = Get-TestServer
        foreach ($given in $started, $started.Instance) {
            $server = $given | Get-JupyterServer
            $server.State | Should -Be 'running'
            $server.ProcessId | Should -Be $started.ProcessId
            $server.CertificateFingerprint | Should -Be (Get-TestSecurity).CertificateFingerprint
            $server.LastActivity | Should -BeOfType [datetimeoffset]
            Show $server | Should -Match 'Instance\s+State\s+Port\s+Kernels\s+Url\s+Version\s+Used'
        }
    }
}
