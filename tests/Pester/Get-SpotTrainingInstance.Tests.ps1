#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Get-SpotTrainingInstance' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'finds the instance again' {
        $instance = Get-TestInstance
        (Get-SpotTrainingInstance -Name pest*).InstanceId | Should -Be $instance.InstanceId
    }

    It 'shows the end and the cost at 80 columns, in the same form in every culture' {
        $instance = Get-TestInstance
        $end = $instance.Deadline.LocalDateTime.ToString('yyyy-MM-dd HH:mm', [cultureinfo]::InvariantCulture)
        foreach ($culture in 'en-US', 'de-DE', 'th-TH') {
            $table = Use-Culture $culture { $instance | Out-String -Width 80 }
            $table | Should -Match "pester +$end +0\.\d{4} running +rehearsal +"
            $table | Should -Not -Match '…'
        }
    }

    It 'finds machines by name and state' {
        $null = Get-TestPair | Wait-SpotTrainingInstance
        $found = Get-SpotTrainingInstance half-* -State running
        $found.Count | Should -Be 2
    }
}
