#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))

    function New-TestScript {
        param([string] $Name, [string] $Source)

        $path = Join-Path $TestDrive $Name
        [System.IO.File]::WriteAllText($path, $Source)
        $path
    }
}

Describe 'Test-TrainingNotebook' {
    It 'writes nothing for the example, and says with -Verbose what it looked at' {
        $all = Test-TrainingNotebook (Join-Path $example 'train.ipynb') -Package scikit-learn, pandas, matplotlib -DataPath (Join-Path $example 'data') -Verbose 4>&1
        @($all).Count | Should -Be 1
        "$all" | Should -BeLike '*7 cells. It needs joblib, matplotlib, pandas, scikit-learn. This was judged against -Package. It reads data/breast-cancer.csv*'
    }

    It 'finds what the example would lack' {
        $found = Test-TrainingNotebook (Join-Path $example 'train.ipynb') -Package pandas -DataPath $TestDrive
        $found.Id | Should -Be 'ImportMissing', 'ImportMissing', 'ImportMissing', 'DataMissing'
        $found.Severity | Should -Be 'Error', 'Error', 'Error', 'Error'
        $found[0].Cell | Should -Be 1
        $found[0].Text | Should -Be 'import joblib'
        $found[3].Text | Should -BeLike '*breast-cancer.csv*'
    }

    It 'shows findings by file, within 80 columns' {
        $text = Test-TrainingNotebook (New-TestScript ask.py "name = input('?')`n") | Out-String -Width 80
        $text | Should -Match 'Path: .*ask\.py'
        $text | Should -Match '1 Error\s+input\(\) asks a question'
        $text -split "`n" | Where-Object { $_ -notmatch 'Path:' } | ForEach-Object { $_.TrimEnd().Length | Should -BeLessOrEqual 80 }
    }

    It 'reads an environment.yml and a requirements.txt' {
        $script = New-TestScript env.py "import cv2`nimport yaml`nimport lightgbm`n"
        $yaml = New-TestScript environment.yml "name: x`nchannels: [conda-forge]`ndependencies:`n  - python=3.12`n  - conda-forge::opencv>=4`n  - pip:`n    - PyYAML==6.0`n"
        $found = Test-TrainingNotebook $script -EnvironmentFile $yaml
        $found.Message | Should -Be 'The module lightgbm is missing in environment.yml.'
        $text = New-TestScript requirements.txt "# packages`nopencv-python-headless==4.8 # images`npyyaml; python_version > '3.8'`nlightgbm[scikit-learn]~=4.0`n"
        Test-TrainingNotebook $script -EnvironmentFile $text | Should -BeNullOrEmpty
    }

    It 'says where an environment.yml is broken' {
        $yaml = New-TestScript broken.yml "dependencies:`n  - pandas`n - numpy`n"
        $record = Get-StepError { Test-TrainingNotebook (New-TestScript a.py '') -EnvironmentFile $yaml }
        Assert-StepError $record EnvironmentFileInvalid InvalidData
        "$record" | Should -Match 'line 3, column \d'
        $yaml = New-TestScript none.yml 'name: x'
        Assert-StepErrorId (Get-StepError { Test-TrainingNotebook (New-TestScript a.py '') -EnvironmentFile $yaml }) EnvironmentFileInvalid
    }

    It 'names what is not there' {
        $script = New-TestScript a.py ''
        Assert-StepError (Get-StepError { Test-TrainingNotebook (Join-Path $TestDrive 'none.ipynb') }) NotebookNotFound ObjectNotFound
        Assert-StepError (Get-StepError { Test-TrainingNotebook $script -DataPath (Join-Path $TestDrive 'none') }) DataNotFound ObjectNotFound
        Assert-StepError (Get-StepError { Test-TrainingNotebook $script -EnvironmentFile (Join-Path $TestDrive 'absent.yml') }) EnvironmentFileNotFound ObjectNotFound
    }

    It 'takes files from the pipeline' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'many')).FullName
        [System.IO.File]::WriteAllText("$folder/a.py", 'input()')
        [System.IO.File]::WriteAllText("$folder/b[1].py", 'input()')
        @(Get-ChildItem $folder | Test-TrainingNotebook).Count | Should -Be 2
        @(Test-TrainingNotebook "$folder/*.py").Count | Should -Be 2
        @(Test-TrainingNotebook -LiteralPath "$folder/b[1].py").Line | Should -Be 1
    }
}

Describe 'Test-TrainingNotebook on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'asks the stack, and runs no module' {
        # If it were imported, it would leave a file.
        $null = Get-TestStack
        Get-TestInstance | Invoke-TrainingCommand 'mkdir -p probe && cd probe && echo "open(\"ran\", \"w\")" > evil_module.py'
        $script = New-TestScript stack.py "import os, sklearn, no_such_module`nimport evil_module`n"
        $found = Get-TestStack | Test-TrainingNotebook $script
        $found.Id | Should -Be 'ImportMissing', 'ImportMissing'
        $found[0].Message | Should -Be 'The module no_such_module is missing in the stack of pester.'
        Get-TestInstance | Invoke-TrainingCommand 'ls probe/ran ran 2> /dev/null || true' | Should -BeNullOrEmpty
        (Test-TrainingNotebook $script -Instance pester).Count | Should -Be 2
    }
}
