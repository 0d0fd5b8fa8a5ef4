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
            @{ Name = 'julia.ipynb'; Text = '{"cells": [], "metadata": {"kernelspec": {"name": "julia-1.9", "language": "julia"}}, "nbformat": 4}'; Id = 'NotebookLanguage'; Advice = 'Python' }
            @{ Name = 'two.ipynb'; Text = '{"cells": [], "metadata": {"kernelspec": {"name": "python2", "language": "python"}}, "nbformat": 4}'; Id = 'NotebookLanguage'; Advice = '2to3' }
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
}
