#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Send-TrainingData' {
    It 'names data that are not there' {
        $path = Join-Path $TestDrive 'missing.csv'
        $record = Get-StepError { @() | Send-TrainingData -Path $path }
        Assert-StepError $record DataNotFound ObjectNotFound
        "$($record.TargetObject)" | Should -Be $path
    }
}

Describe 'Send-TrainingData on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'sends the data' {
        $data = Get-TestData
        $data.Files | Should -Be 'breast-cancer.csv'
        Show $data | Should -Match 'Instance\s+Files\s+KiB\s+Seconds\s+Destination'
    }
}
