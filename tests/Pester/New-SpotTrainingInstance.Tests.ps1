#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'New-SpotTrainingInstance' {
    It 'takes offers from the pipeline' {
        $binding = (Get-Command New-SpotTrainingInstance).Parameters['Offer'].Attributes |
            Where-Object { $_ -is [System.Management.Automation.ParameterAttribute] }
        $binding.ValueFromPipeline | Should -BeTrue
    }

    It 'completes images' {
        Get-Completion 'New-SpotTrainingInstance -Image ' | Should -Contain 'ubuntu-24.04'
    }
}

Describe 'New-SpotTrainingInstance on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'launches nothing with -WhatIf' {
        $before = @(Get-SpotTrainingInstance -IncludeTerminated).Count
        Find-SpotOffer -First 1 | New-SpotTrainingInstance -WhatIf | Should -BeNullOrEmpty
        @(Get-SpotTrainingInstance -IncludeTerminated).Count | Should -Be $before
    }

    It 'warns if a running instance has the name' {
        $instance = Get-TestInstance
        $launch = { param($Name) Find-SpotOffer -First 1 | New-SpotTrainingInstance -Name $Name -WhatIf -WarningAction SilentlyContinue -WarningVariable global:said }
        & $launch pester
        @($said) -match 'already has this name' | Should -BeLike "*$($instance.InstanceId)*"
        & $launch nobody
        @($said) -match 'already has this name' | Should -BeNullOrEmpty
        Remove-Variable said -Scope Global
    }

    It 'launches one instance that has a deadline' {
        $instance = Get-TestInstance
        $instance.GetType().FullName | Should -Be 'SpotTrainer.Instances.SpotTrainingInstance'
        $instance.State | Should -Be 'running'
        $instance.Deadline | Should -BeGreaterThan ([System.DateTimeOffset]::Now)
        $instance.Deadline | Should -BeLessThan ([System.DateTimeOffset]::Now.AddHours(1.1))
        Show $instance | Should -Match 'Name\s+Ends at\s+Cost USD\s+State\s+Where\s+Type\s+Instance\s+Zone'
    }

    It 'shows what several machines can cost together, and splits the budget' {
        Find-SpotOffer m7i.large -First 1 | New-SpotTrainingInstance -Count 2 -Budget 0.4 -WhatIf | Should -BeNullOrEmpty
        $machines = Get-TestPair
        $machines.Name | Sort-Object | Should -Be 'half-1', 'half-2'
        $machines.Budget | Should -Be 0.2, 0.2
        $ready = $machines | Wait-SpotTrainingInstance
        $ready.State | Should -Be 'running', 'running'
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

    It 'does not repeat a warning at each of several launches' {
        $offer = Find-SpotOffer g4dn.xlarge -First 1
        $warnings = 1..2 | ForEach-Object {
            $offer | New-SpotTrainingInstance -Name warned -Image ubuntu-24.04 -MaxHours 1 -NoWait 3>&1 6> $null |
                Where-Object { $_ -is [System.Management.Automation.WarningRecord] }
        }
        Remove-SpotTrainingInstance warned* 3> $null | Out-Null
        @($warnings -match 'has no driver').Count | Should -Be 1
    }

    It 'warns with -WhatIf as the launch would, and notices a key that is not there' {
        $offer = Find-SpotOffer m7i.large -First 1
        foreach ($preview in 1..2) {
            $warnings = $offer | New-SpotTrainingInstance -AllowedCidr 0.0.0.0/0 -WhatIf 3>&1
            "$warnings" | Should -Match 'the whole world'
        }

        Assert-StepError (Get-StepError { $offer | New-SpotTrainingInstance -KeyPath ./none.pem -WhatIf }) KeyNotFound ObjectNotFound
        Assert-StepError (Get-StepError { $offer | New-SpotTrainingInstance -KeyPair none-like-it -WhatIf }) KeyNotFound ObjectNotFound
    }

    It 'completes what AWS has, and no file names' {
        $null = Get-TestInstance
        Get-Completion 'New-SpotTrainingInstance m7i.large -Subnet subnet' | Should -Match '^subnet-'
        Get-Completion 'New-SpotTrainingInstance m7i.large -SecurityGroup spottrainer' | Should -Match '^spottrainer-'
        Get-Completion 'New-SpotTrainingInstance m7i.large -InstanceProfile tr' | Should -Be 'training'
        Get-Completion 'New-SpotTrainingInstance m7i.large -Name m' | Should -Be 'm'
        Get-Completion 'Get-SpotTrainingInstance -InstanceId i-' | Should -Contain (Get-TestInstance).InstanceId
        Get-Completion 'Get-SpotPrice m7i.large -Zone us-east-1' | Should -Contain 'us-east-1a'
        Get-Completion 'Install-CondaStack -Package light' | Should -Be 'lightgbm'
        Get-Completion 'Set-SpotRehearsal -NoCapacity m7i' | Should -Be "'m7i.*'"
        Get-Completion 'Set-SpotRehearsal -DenyAction ec2:Run' | Should -Be "'ec2:RunInstances'"
    }

    It 'refuses a name that would send escape sequences to a terminal' {
        Get-StepError { New-SpotTrainingInstance m7i.large -Name "a`e[2J" -WhatIf } | Should -Match 'control characters'
    }

    It 'refuses a budget that pays for nothing' {
        $offer = Find-SpotOffer -First 1
        Assert-StepError (Get-StepError { $offer | New-SpotTrainingInstance -Budget 0.001 }) BudgetTooSmall LimitsExceeded
    }
}
