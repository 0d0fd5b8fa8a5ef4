#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Test-SpotTrainingPlan' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'is one object that is shown as a line for each check' {
        $plan = Find-SpotOffer -MinVCpu 2 -First 2 | Test-SpotTrainingPlan -Budget 1
        $plan.Passed | Should -BeTrue
        $plan.HighestCost | Should -BeLessOrEqual 1
        $text = $plan | Out-String -Width 120
        $text | Should -Match '^\s*Passed: '
        $text | Should -Match 'Ok\s+quota'
    }

    It 'does not take what says two things' {
        { Test-SpotTrainingPlan m7i.large -Image ubuntu-22.04 -ImageId ami-0123456789abcdef0 -ErrorAction Stop } | Should -Throw -ErrorId 'ParametersConflict,*'
    }
}
