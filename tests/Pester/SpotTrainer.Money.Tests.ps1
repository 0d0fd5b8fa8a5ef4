#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
    if ($IsLinux) { $null = Start-SpotRehearsal -InstallMissing 6> $null }
}

AfterAll {
    if ($IsLinux) { Stop-SpotRehearsal -ErrorAction Ignore }
}

Describe 'The market' -Skip:(-not $IsLinux) {
    It 'is one list of all regions, sorted by what an hour costs' {
        $offers = Find-SpotOffer -Region * -MinVCpu 2 -Days 0
        ($offers.Region | Sort-Object -Unique).Count | Should -Be 4
        $offers.HourlyCost | Should -Be ($offers.HourlyCost | Sort-Object)
    }

    It 'takes regions by wildcard, and says which there are' {
        (Find-SpotOffer -Region eu-* -First 3).Region | Sort-Object -Unique | ForEach-Object { $_ | Should -BeLike 'eu-*' }
        { Find-SpotOffer -Region mars-* -ErrorAction Stop } | Should -Throw -ErrorId 'UnknownRegion,*'
    }

    It 'draws how prices moved' {
        $history = Find-SpotOffer -First 1 | Get-SpotPrice
        $history.Sparkline.Length | Should -Be 28
        $history.Points[-1].Price | Should -Be $history.Price
        ($history | Out-String -Width 120) | Should -Match 'Trend'
    }

    It 'completes types and models of GPUs' {
        Get-Completion 'Find-SpotOffer g' | Should -Contain "'g5.*'"
        Get-Completion 'Find-SpotOffer -GpuModel L' | Should -Be 'L4', 'L40S'
    }
}

Describe 'A plan' -Skip:(-not $IsLinux) {
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

Describe 'A launch' -Skip:(-not $IsLinux) {
    It 'shows what several machines can cost together, and splits the budget' {
        $offer = Find-SpotOffer m7i.large -First 1
        $offer | New-SpotTrainingInstance -Count 2 -Budget 0.4 -WhatIf | Should -BeNullOrEmpty
        $machines = $offer | New-SpotTrainingInstance -Count 2 -Name half -Budget 0.4 -MaxHours 100 -NoWait -InformationAction Ignore
        $machines.Name | Sort-Object | Should -Be 'half-1', 'half-2'
        $machines.Budget | Should -Be 0.2, 0.2
        $ready = $machines | Wait-SpotTrainingInstance
        $ready.State | Should -Be 'running', 'running'
    }

    It 'is found, costed, extended and removed' {
        $found = Get-SpotTrainingInstance half-* -State running
        $found.Count | Should -Be 2
        $costs = $found | Get-SpotTrainingCost
        $costs.EstimatedCost | ForEach-Object { $_ | Should -BeGreaterThan 0 }
        $moved = $found[0] | Set-SpotTrainingDeadline -AddHours -0.5
        $moved.Deadline | Should -Be $found[0].Deadline.AddHours(-0.5)
        ($found | Remove-SpotTrainingInstance).State | Should -Be 'terminated', 'terminated'
        (Get-SpotTrainingCost half-*).State | Should -Be 'terminated', 'terminated'
    }

    It 'goes on to the next zone, and says so' {
        $null = Set-SpotRehearsal -NoCapacity 'us-east-1a', 'us-east-1b'
        try {
            $offers = Find-SpotOffer m7i.large
            $machine = $offers | Sort-Object { $_.Zone } | New-SpotTrainingInstance -Name next -MaxHours 1 -NoWait -InformationAction Ignore
            $machine.Zone | Should -Not -BeIn 'us-east-1a', 'us-east-1b'
            $machine | Remove-SpotTrainingInstance | Out-Null
        }
        finally {
            $null = Set-SpotRehearsal -Reset
        }
    }
}

Describe 'Nothing is left' -Skip:(-not $IsLinux) {
    It 'shows what would go, and removes nothing' {
        Clear-SpotTrainingResource -WhatIf | Should -BeNullOrEmpty
        (Get-TrainingKeyPair -WarningAction Ignore).State | Should -Contain 'Matched'
    }

    It 'gives a receipt' {
        $receipt = Clear-SpotTrainingResource -Confirm:$false
        $receipt.Clean | Should -BeTrue
        $receipt.Removed.Count | Should -Be $receipt.Found.Count
        ($receipt | Out-String -Width 120) | Should -Match 'nothing'
        (Clear-SpotTrainingResource -Confirm:$false).Found.Count | Should -Be 0
    }
}
