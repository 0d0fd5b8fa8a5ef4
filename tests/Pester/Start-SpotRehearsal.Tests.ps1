#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Start-SpotRehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $rehearsal = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'is on, on loopback' {
        $rehearsal.State | Should -Be 'running'
        ([uri] $rehearsal.EndpointUrl).IsLoopback | Should -BeTrue
        $rehearsal.Environment.Keys | Sort-Object |
            Should -Be 'AWS_ACCESS_KEY_ID', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL', 'AWS_SECRET_ACCESS_KEY', 'SPOTTRAINER_REHEARSAL'
        Show $rehearsal | Should -Match 'State\s+Region\s+Endpoint\s+Account\s+Started'
    }

    It 'starts no second one' {
        Assert-StepErrorId (Get-StepError { Start-SpotRehearsal }) 'RehearsalActive'
    }
}
