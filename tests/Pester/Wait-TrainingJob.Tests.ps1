#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Wait-TrainingJob' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $null = Get-TestStack
        $instance = Get-TestInstance
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'waits until the job has ended' {
        $ended = Get-TestEndedJob
        $ended.State | Should -Be 'succeeded'
        $ended.Cell | Should -Be $ended.CellCount
        Show $ended | Should -Match 'Instance\s+Notebook\s+State\s+Cell\s+Seconds\s+Error'
    }

    It 'takes an ID, and what crossed a process, from each step' {
        $file = Join-Path $TestDrive 'crossed.xml'
        $job = Get-TestEndedJob
        (Wait-TrainingJob $job.Id).Folder | Should -Be $job.Folder
        $job, (Get-TestStack), (Get-TestSecurity), (Get-TestServer), (Get-TestData), (Get-TestResult) | ForEach-Object {
            $_ | Export-Clixml -LiteralPath $file
            (Import-Clixml -LiteralPath $file | Invoke-TrainingCommand -Result 'echo in').Output | Should -Be "in`n"
        }

        Get-TestResult | Export-Clixml -LiteralPath $file
        (Import-Clixml -LiteralPath $file | Wait-TrainingJob).State | Should -Be 'succeeded'
        $job | Export-Clixml -LiteralPath $file
        (Import-Clixml -LiteralPath $file | Receive-TrainingResult -Destination (Join-Path $TestDrive 'crossed')).Files |
            Should -Contain 'metrics.json'
        (Get-StepError { Wait-TrainingJob ../../etc }) | ForEach-Object { Assert-StepError $_ JobNotFound ObjectNotFound }
    }

    It 'never saves a password' {
        $file = Join-Path $TestDrive 'security.xml'
        Get-TestSecurity | Export-Clixml -LiteralPath $file
        (Get-TestSecurity).Password | Should -BeOfType securestring
        Get-Content -LiteralPath $file -Raw | Should -Not -Match 'Password|<SS'
    }

    It 'tells what a failed job raised, and leaves what it left to be fetched' {
        $script = Join-Path $TestDrive 'broken.py'
        Set-Content -LiteralPath $script -Value "raise ValueError('for the test')"
        $broken = $instance | Start-TrainingJob -Path $script
        $output = $broken | Wait-TrainingJob -ErrorVariable problem -ErrorAction SilentlyContinue
        $output.State | Should -Be 'failed'
        Assert-StepError $problem JobFailed InvalidResult
        "$problem" | Should -Match 'ValueError: for the test'
        ($output | Receive-TrainingResult -Destination (Join-Path $TestDrive 'broken')).Files | Should -Contain 'spottrainer/log.txt'
    }
}
