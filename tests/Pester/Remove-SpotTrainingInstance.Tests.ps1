#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Remove-SpotTrainingInstance' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'removes nothing with -WhatIf' {
        $instance = Get-TestInstance
        $instance | Remove-SpotTrainingInstance -WhatIf | Should -BeNullOrEmpty
        (Get-SpotTrainingInstance -Name pester).State | Should -Be 'running'
    }

    It 'removes several machines, whose cost is still known then' {
        $machines = Find-SpotOffer m7i.large -First 1 |
            New-SpotTrainingInstance -Count 2 -Name gone -MaxHours 1 -NoWait -InformationAction Ignore
        ($machines | Remove-SpotTrainingInstance).State | Should -Be 'terminated', 'terminated'
        (Get-SpotTrainingCost gone-*).State | Should -Be 'terminated', 'terminated'
    }

    It 'removes the instance that it finds through the result, and warns as long as anything that a job wrote was not fetched' {
        $script = Join-Path $TestDrive 'short.py'
        Set-Content -LiteralPath $script -Value @'
import os, socket
with open('data/made.csv', 'w') as file:
    file.write('made')
os.mkdir('closed', 0)
os.mkdir('data/closed', 0)
for name in 'model.bin', 'closed.bin', 'in-the-way', b'caf\xe9.txt':
    with open(name, 'w') as file:
        file.write('x')
os.chmod('closed.bin', 0)
os.symlink('/etc/hostname', 'out')
socket.socket(socket.AF_UNIX).bind('socket')
'@
        $instance = Get-TestOffer | New-SpotTrainingInstance -Name last -Budget 0.25 -MaxHours 1 6> $null
        $job = $instance | Install-CondaStack -Package pandas | Start-TrainingJob -Path $script | Wait-TrainingJob
        "$($job | Remove-SpotTrainingInstance -WhatIf 3>&1)" | Should -Match 'has results that were not fetched'

        # Each of these is named, and nothing else is left behind. The last one is in the way here.
        $null = New-Item -ItemType Directory ([System.IO.Path]::Combine($TestDrive, 'part', 'in-the-way', 'x'))
        $result = $job | Receive-TrainingResult -Destination (Join-Path $TestDrive 'part') -WarningVariable warned -WarningAction Ignore
        $result.Files | Sort-Object | Should -Be (
            'data/made.csv', 'model.bin', 'short.py', 'spottrainer/log.txt', 'spottrainer/status.json')
        [System.IO.File]::ReadAllText((Join-Path $result.Path 'data/made.csv')) | Should -Be 'made'
        $result.Failed.Path | Sort-Object | Should -Be 'caf\xe9.txt', 'closed', 'closed.bin', 'data/closed', 'in-the-way', 'out', 'socket'
        @($warned).Count | Should -Be 7
        $result.Failed | ForEach-Object { "$warned" | Should -BeLike "*$([WildcardPattern]::Escape($_.Path)) stays on *:*$($_.Reason.Substring(1))*" }
        "$warned" | Should -Match 'closed\.bin stays on .*: the user on the host may not read it\. Check its permissions, and fetch again\.'
        Show $result | Should -Match 'last\s+5\s+0\s+7\s'
        "$($job | Remove-SpotTrainingInstance -WhatIf 3>&1)" | Should -Match "has results that were not fetched.*: Receive-TrainingResult $($job.Id)\."

        # What was not asked for is no failure, and still makes the instance one with results.
        $few = @{ Destination = (Join-Path $TestDrive 'few'); WarningVariable = 'warned'; WarningAction = 'Ignore' }
        ($job | Receive-TrainingResult @few -Include model.bin).Failed | Should -BeNullOrEmpty
        ($job | Receive-TrainingResult @few -Exclude 'caf*', 'closed*', in-the-way, out, socket).Failed | Should -BeNullOrEmpty
        $warned | Should -BeNullOrEmpty
        "$($job | Remove-SpotTrainingInstance -WhatIf 3>&1)" | Should -Match 'has results that were not fetched'

        # A start that failed early is no job that has results.
        $null = $job | Invoke-TrainingCommand "mkdir ~/spottrainer/control/failed && cd $($job.Folder) && chmod 700 closed closed.bin data/closed && rm caf* out socket"
        $result = $job | Receive-TrainingResult -Destination (Join-Path $TestDrive 'result')
        $result.Failed | Should -BeNullOrEmpty
        $result.Files | Should -Contain 'closed.bin'
        "$($job | Remove-SpotTrainingInstance -WhatIf 3>&1)" | Should -Not -Match 'not fetched'
        $removed = $result | Remove-SpotTrainingInstance
        $removed.InstanceId | Should -Be $instance.InstanceId
        $removed.State | Should -Be 'terminated'
        $removed.Cost | Should -BeGreaterThan 0
        $removed.OnDemandCost | Should -BeGreaterThan $removed.Cost
        (Get-SpotTrainingInstance).InstanceId | Should -Not -Contain $removed.InstanceId
    }
}
