#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Install-CondaStack' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $instance = Get-TestInstance
        $stack = Get-TestStack
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'installs the Python stack' {
        $stack.PythonVersion | Should -Match '^3\.'
        $stack.Packages.Name | Should -Be 'scikit-learn', 'pandas', 'matplotlib', 'notebook', 'nbclient', 'ipykernel'
        $stack.Packages[0].Version | Should -Match '^\d+\.\d+'
        Show $stack | Should -Match 'Instance\s+Python\s+Seconds\s+Packages'
    }

    It 'installs it a second time' {
        $again = $instance | Install-CondaStack scikit-learn, pandas, matplotlib, notebook
        $again.CondaVersion | Should -Be $stack.CondaVersion
        $again.Seconds | Should -Be 0
    }

    It 'is found by commands and login shells' {
        $instance | Invoke-TrainingCommand 'python -c "import pandas"; command -v python' | Should -Be "$($stack.Prefix)/bin/python"
        $instance | Invoke-TrainingCommand 'bash -lc "command -v python"' -NoEnvironment | Should -Be "$($stack.Prefix)/bin/python"
        ($instance | Invoke-TrainingCommand 'command -v conda' -NoEnvironment -AllowFailure -Result).ExitCode | Should -Not -Be 0
    }

    It 'names a package that is not there' {
        $record = Get-StepError { $instance | Install-CondaStack -Package no-such-package }
        Assert-StepError $record PackagesNotFound ObjectNotFound
        $record.TargetObject | Should -Be 'no-such-package'
    }

    It 'refuses <_> before anything is sent' -ForEach '--help', '$(id)', 'a b' {
        $record = Get-StepError { $instance | Install-CondaStack -Package $_ }
        Assert-StepError $record PackageNameInvalid InvalidArgument
    }

    It 'needs a driver for -Gpu' {
        $record = Get-StepError { $instance | Install-CondaStack -Package pandas -Gpu -Name gpu }
        Assert-StepError $record GpuDriverMissing NotInstalled
    }

    It 'runs a job in an environment of its own' {
        Set-Content "$TestDrive/where.py" 'import os, sys; print(sys.prefix, os.environ["CONDA_DEFAULT_ENV"])'
        $own = $instance | Install-CondaStack -Package pandas -Name small
        $own.Prefix | Should -Be "$($stack.Prefix)/envs/small"
        $null = $own | Start-TrainingJob "$TestDrive/where.py" | Wait-TrainingJob | Receive-TrainingResult -Destination "$TestDrive/out"
        Get-ChildItem "$TestDrive/out" -Recurse -Filter *.txt | Get-Content -Raw | Should -Match ([regex]::Escape("$($own.Prefix) small"))
    }

    It 'takes an environment.yml, and sends nothing with -WhatIf' {
        Set-Content "$TestDrive/environment.yml" "dependencies:`n  - pandas`n  - pip:`n    - timm"
        $instance | Install-CondaStack -EnvironmentFile "$TestDrive/environment.yml" -Name never -WhatIf | Should -BeNullOrEmpty
        ($instance | Invoke-TrainingCommand "test -e $($stack.Prefix)/envs/never" -AllowFailure -Result).ExitCode | Should -Be 1
        $record = Get-StepError { $instance | Install-CondaStack -EnvironmentFile "$TestDrive/none.yml" }
        Assert-StepError $record FileNotFound ObjectNotFound
    }

    It 'completes versions of the distribution' {
        Get-Completion 'Install-CondaStack -Distribution Anaconda3 -Version 5' | Should -Be '5.2.0'
        Get-Completion 'Install-CondaStack -Version 26.7' | Should -Be '26.7.2-0'
    }
}
