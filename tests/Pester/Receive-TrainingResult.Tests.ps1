#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Receive-TrainingResult' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $result = Get-TestResult
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'fetches the executed notebook, the model and the metrics' {
        $result.Files | Should -Contain 'train.ipynb'
        $result.Files | Should -Contain 'metrics.json'
        $result.Files | ForEach-Object { Join-Path $result.Path $_ | Should -Exist }
        $result.Metrics.test_roc_auc | Should -BeGreaterThan 0.9
        Show $result | Should -Match 'Instance\s+Files\s+KiB\s+Path'
        (Get-Content -LiteralPath (Join-Path $result.Path 'train.ipynb') -Raw | ConvertFrom-Json).cells.outputs | Should -Not -BeNullOrEmpty
    }

    It 'fetches nothing with -WhatIf' {
        Get-TestJob | Receive-TrainingResult -Destination (Join-Path $TestDrive 'what-if') -WhatIf | Should -BeNullOrEmpty
        Join-Path $TestDrive 'what-if' | Should -Not -Exist
    }

    It 'fetches what was made of data that was sent, all through a jump host' {
        # The machine as it is seen from itself: only its own connections reach that address.
        $null = Get-TestStack
        $instance = Get-TestInstance
        $known = @{ KeyPath = $instance.KeyPath; HostKey = $instance.HostKeys; JumpHost = $instance }
        $behind = Connect-TrainingHost localhost $instance.UserName @known
        $bytes = [byte[]]::new(300000)
        [System.Random]::new(7).NextBytes($bytes)
        [System.IO.File]::WriteAllBytes((Join-Path $TestDrive 'jumped.bin'), $bytes)
        $cell = @{
            cell_type = 'code'; execution_count = $null; metadata = @{}; outputs = @()
            source = "open('back.bin', 'wb').write(open('data/jumped.bin', 'rb').read()[::-1])"
        }
        ConvertTo-Json -Depth 5 @{ cells = @($cell); metadata = @{}; nbformat = 4; nbformat_minor = 4 } |
            Set-Content -LiteralPath (Join-Path $TestDrive 'jump.ipynb')

        $job = $behind | Send-TrainingData (Join-Path $TestDrive 'jumped.bin') | Start-TrainingJob (Join-Path $TestDrive 'jump.ipynb') |
            Wait-TrainingJob
        $null = $job | Receive-TrainingResult -Destination (Join-Path $TestDrive 'jump')
        "$($job.Instance)" | Should -Match 'localhost:22 through pester'
        [array]::Reverse($bytes)
        [System.Convert]::ToBase64String([System.IO.File]::ReadAllBytes((Join-Path $TestDrive 'jump/back.bin'))) |
            Should -BeExactly ([System.Convert]::ToBase64String($bytes))
    }
}
