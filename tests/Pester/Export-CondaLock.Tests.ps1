#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Export-CondaLock' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $stack = Get-TestStack
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'writes a list from which the same stack is made' {
        $file = $stack | Export-CondaLock "$TestDrive/stack.lock"
        $file | Should -Be (Join-Path $TestDrive stack.lock)
        $again = Get-TestInstance | Install-CondaStack -LockFile $file -Name again
        $again.AllPackages.Where({ $_.Name -ne 'conda' }).ForEach('ToString') |
            Should -Be $stack.AllPackages.Where({ $_.Name -ne 'conda' }).ForEach('ToString')
    }

    It 'takes a stack from another process' {
        $stack | Export-Clixml "$TestDrive/stack.xml"
        $file = Import-Clixml "$TestDrive/stack.xml" | Export-CondaLock "$TestDrive/saved.lock"
        Get-Content $file -Raw | Should -Be $stack.Lock
    }

    It 'replaces a file only with -Force' {
        Set-Content "$TestDrive/mine" 'mine'
        $record = Get-StepError { $stack | Export-CondaLock "$TestDrive/mine" }
        Assert-StepError $record FileExists ResourceExists
        Get-Content "$TestDrive/mine" | Should -Be 'mine'
        $stack | Export-CondaLock "$TestDrive/mine" -Force -WhatIf
        Get-Content "$TestDrive/mine" | Should -Be 'mine'
        $null = $stack | Export-CondaLock "$TestDrive/mine" -Force
        Get-Content "$TestDrive/mine" | Should -Contain '@EXPLICIT'
    }

    It 'refuses what is no lock' {
        Set-Content "$TestDrive/no.lock" 'pandas'
        $record = Get-StepError { Get-TestInstance | Install-CondaStack -LockFile "$TestDrive/no.lock" }
        Assert-StepError $record LockInvalid InvalidData
    }
}
