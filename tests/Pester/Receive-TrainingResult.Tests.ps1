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
}
