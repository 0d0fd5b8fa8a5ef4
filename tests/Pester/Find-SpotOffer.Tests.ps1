#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Find-SpotOffer' {
    It 'completes regions' {
        Get-Completion 'Find-SpotOffer -Region eu-w' | Should -Be 'eu-west-1', 'eu-west-2', 'eu-west-3'
    }

    It 'completes the profiles of the AWS tools' {
        $file = Join-Path $TestDrive 'credentials'
        Set-Content -LiteralPath $file -Value '[for-tests]', 'aws_access_key_id = none', 'aws_secret_access_key = none'
        $before = $env:AWS_SHARED_CREDENTIALS_FILE
        try {
            $env:AWS_SHARED_CREDENTIALS_FILE = $file
            Get-Completion 'Find-SpotOffer -ProfileName for' | Should -Be 'for-tests'
        }
        finally {
            $env:AWS_SHARED_CREDENTIALS_FILE = $before
        }
    }
}

Describe 'Find-SpotOffer on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'finds offers, cheapest first' {
        $offers = Get-TestOffer
        $offers.Count | Should -Be 5
        $offers.Price | Should -Be ($offers.Price | Sort-Object)
        $offers | ForEach-Object {
            $_.Where | Should -Be 'rehearsal'
            $_.VCpu | Should -BeGreaterOrEqual 2
            $_.Architecture | Should -Be 'x86_64'
        }

        Show $offers | Should -Match 'Type\s+Zone\s+USD/h\s+Saving\s+Interrupted\s+Where\s+vCPU\s+On demand\s+Memory\s+GPU\s+Arch'
    }

    It 'shows whole prices at 80 columns, with the same numbers in every culture' {
        $price = (Get-TestOffer)[0].Price.ToString('0.0000', [cultureinfo]::InvariantCulture)
        foreach ($culture in 'en-US', 'de-DE', 'ar-SA') {
            $table = Use-Culture $culture { Get-TestOffer | Out-String -Width 80 }
            $table | Should -Match ([regex]::Escape($price))
            $table | Should -Match 'USD/h\s+Saving\s+Interrupted\s+Where'
            $table | Should -Not -Match '…'
        }
    }

    It 'refuses a comma in a number' {
        foreach ($price in '0,25', (0, 25)) {
            Get-StepError { Find-SpotOffer -MaxPrice $price } | Should -Match 'such as 0\.25 or 1000'
        }
    }

    It 'is one list of all regions, sorted by what an hour costs' {
        $offers = Find-SpotOffer -Region * -MinVCpu 2 -Days 0
        ($offers.Region | Sort-Object -Unique).Count | Should -Be 4
        $offers.HourlyCost | Should -Be ($offers.HourlyCost | Sort-Object)
    }

    It 'takes regions by wildcard, and says which there are' {
        (Find-SpotOffer -Region eu-* -First 3).Region | Sort-Object -Unique | ForEach-Object { $_ | Should -BeLike 'eu-*' }
        { Find-SpotOffer -Region mars-* -ErrorAction Stop } | Should -Throw -ErrorId 'UnknownRegion,*'
    }

    It 'names the regions that a mistyped one may mean' {
        $record = Get-StepError { Find-SpotOffer -Region us-eest-1 }
        Assert-StepError $record UnknownRegion ObjectNotFound
        "$record" | Should -Match 'Use us-east-1'
    }

    It 'completes types and models of GPUs' {
        Get-Completion 'Find-SpotOffer g' | Should -Contain "'g5.*'"
        Get-Completion 'Find-SpotOffer -GpuModel L' | Should -Be 'L4', 'L40S'
    }

    It 'names the cheapest offer when none is under the price' {
        $record = Get-StepError { Find-SpotOffer -MinVCpu 2 -MaxPrice 0.0001 }
        Assert-StepError $record NoOfferUnderPrice LimitsExceeded
        "$record" | Should -Match 'the cheapest is'
    }

    It 'names an instance type that there is not' {
        Assert-StepError (Get-StepError { Find-SpotOffer z99.huge }) UnknownInstanceType ObjectNotFound
    }

    It 'refuses a profile beside a rehearsal' {
        Assert-StepErrorId (Get-StepError { Find-SpotOffer -ProfileName other }) 'RehearsalActive'
    }
}
