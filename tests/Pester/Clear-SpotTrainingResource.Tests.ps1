#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Clear-SpotTrainingResource' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        Find-SpotOffer -First 1 | New-SpotTrainingInstance -Name swept -MaxHours 1 -NoWait -InformationAction Ignore | Out-Null
    }

    AfterAll {
        Clear-Made
        Exit-Rehearsal
    }

    It 'shows what would go, and removes nothing' {
        Clear-SpotTrainingResource -WhatIf | Should -BeNullOrEmpty
        (Get-TrainingKeyPair -WarningAction Ignore).State | Should -Contain 'Matched'
        Get-SpotTrainingInstance swept | Should -Not -BeNullOrEmpty
    }

    It 'gives a receipt' {
        $receipt = Clear-SpotTrainingResource -Confirm:$false
        $receipt.Clean | Should -BeTrue
        $receipt.Removed.Count | Should -Be $receipt.Found.Count
        ($receipt | Out-String -Width 120) | Should -Match 'nothing'
        (Clear-SpotTrainingResource -Confirm:$false).Found.Count | Should -Be 0
    }
}
