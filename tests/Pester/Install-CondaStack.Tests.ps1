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
        $stack.Packages | Should -Contain 'scikit-learn'
        Show $stack | Should -Match 'Instance\s+Python\s+Packages\s+Conda'
    }

    It 'installs it a second time' {
        ($instance | Install-CondaStack -Package pandas).CondaVersion | Should -Be $stack.CondaVersion
    }

    It 'names a package that is not there' {
        $record = Get-StepError { $instance | Install-CondaStack -Package no-such-package }
        Assert-StepError $record PackagesNotFound ObjectNotFound
        $record.TargetObject | Should -Be 'no-such-package'
    }
}
