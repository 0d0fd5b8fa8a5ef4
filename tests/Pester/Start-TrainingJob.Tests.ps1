#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Start-TrainingJob' {
    It 'names a notebook that is not there, before anything is done' {
        $path = Join-Path $TestDrive 'missing.ipynb'
        $record = Get-StepError { @() | Start-TrainingJob -Path $path }
        Assert-StepError $record NotebookNotFound ObjectNotFound
        $record.TargetObject | Should -Be $path
    }

    It 'names a file that is no notebook' {
        $path = Join-Path $TestDrive 'text.ipynb'
        Set-Content -LiteralPath $path -Value 'no notebook'
        Assert-StepError (Get-StepError { @() | Start-TrainingJob -Path $path }) NotebookInvalid InvalidData
    }
}

Describe 'Start-TrainingJob on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'starts a job' {
        (Get-TestJob).State | Should -Be 'running'
    }
}
