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

Describe 'Start-TrainingJob with a file that cannot run' {
    BeforeDiscovery {
        $cases = @(
            @{ Name = 'page.ipynb'; Text = '<!DOCTYPE html><html></html>'; Id = 'NotebookHtml'; Advice = 'Raw' }
            @{ Name = 'pointer.ipynb'; Text = "version https://git-lfs.github.com/spec/v1`noid sha256:0`nsize 1`n"; Id = 'NotebookLfsPointer'; Advice = 'git lfs pull' }
            @{ Name = 'pointer.py'; Text = "version https://git-lfs.github.com/spec/v1`noid sha256:0`nsize 1`n"; Id = 'NotebookLfsPointer'; Advice = 'git lfs pull' }
            @{ Name = 'conflict.ipynb'; Text = "{`n<<<<<<< HEAD`n=======`n>>>>>>> other`n}"; Id = 'NotebookConflict'; Advice = 'git checkout' }
            @{ Name = 'empty.ipynb'; Text = ''; Id = 'NotebookEmpty'; Advice = 'Save it again' }
            @{ Name = 'cut.ipynb'; Text = '{"cells": ['; Id = 'NotebookCutOff'; Advice = 'download it again' }
            @{ Name = 'old.ipynb'; Text = '{"worksheets": [], "metadata": {}, "nbformat": 3}'; Id = 'NotebookOutdated'; Advice = 'nbconvert' }
            @{ Name = 'train.R'; Text = 'print(1)'; Id = 'NotebookInvalid'; Advice = 'Python script' }
        )
    }

    It 'says what <Name> is, before anything is done' -ForEach $cases {
        $path = Join-Path $TestDrive $Name
        [System.IO.File]::WriteAllText($path, $Text)
        $record = Get-StepError { @() | Start-TrainingJob -Path $path }
        Assert-StepErrorId $record $Id
        "$record" | Should -BeLike "*$Advice*"
    }

    It 'warns of what surely fails, and of nothing else' {
        $path = Join-Path $TestDrive 'ask.py'
        [System.IO.File]::WriteAllText($path, "import lightgbm`
open('data/x.csv')`
name = input('?')`
")
        $null = @() | Start-TrainingJob -Path $path -WarningVariable warnings -WarningAction SilentlyContinue
        @($warnings).Count | Should -Be 1
        "$warnings" | Should -BeLike 'ask.py, line 3: input() asks a question*'
        $null = @() | Start-TrainingJob -Path (Join-Path $example 'train.ipynb') -WarningVariable warnings
        @($warnings).Count | Should -Be 0
    }

    It 'names UTF-16, which Windows PowerShell writes' {
        $path = Join-Path $TestDrive 'wide.ipynb'
        [System.IO.File]::WriteAllText($path, '{"cells": []}', [System.Text.Encoding]::Unicode)
        Assert-StepError (Get-StepError { @() | Start-TrainingJob -Path $path }) NotebookUtf16 InvalidData
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

    It 'refuses <Name> before it is sent, because the stack has no such kernel' -ForEach @(
        @{ Name = 'julia.ipynb'; Kernel = '{"name": "julia-1.9", "language": "julia"}'; Advice = 'Install the kernel' }
        @{ Name = 'two.ipynb'; Kernel = '{"name": "python2", "language": "python"}'; Advice = '2to3' }
    ) {
        $path = Join-Path $TestDrive $Name
        $text = '{"cells": [], "metadata": {"kernelspec": ' + $Kernel + '}, "nbformat": 4}'
        [System.IO.File]::WriteAllText($path, $text)
        $record = Get-StepError { Get-TestStack | Start-TrainingJob -Path $path }
        Assert-StepError $record NotebookLanguage NotImplemented
        "$record" | Should -BeLike "*$Advice*"
        Get-TestInstance | Invoke-TrainingCommand "ls spottrainer/jobs/*/$Name 2> /dev/null || true" | Should -BeNullOrEmpty
    }
}
