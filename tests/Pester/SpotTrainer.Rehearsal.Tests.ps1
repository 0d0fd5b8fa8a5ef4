#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

# The whole way, once, as examples/Rehearse-Training.ps1 goes it; each test looks at what one step gave.
Describe 'The whole rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $rehearsal = Start-SpotRehearsal -InstallMissing 6> $null
        $offers = Find-SpotOffer -MinVCpu 2 -MinMemoryGiB 4 -Architecture x86_64 -First 5
        $instance = $offers | New-SpotTrainingInstance -Name pester -Budget 0.25 -MaxHours 1 6> $null
        $stack = $instance | Install-CondaStack -Package scikit-learn, pandas, matplotlib, notebook
        $security = $stack | Set-JupyterSecurity
        $server = $security | Start-JupyterServer
        $data = $instance | Send-TrainingData -Path (Join-Path $example 'data')
        $job = $data | Start-TrainingJob -Path (Join-Path $example 'train.ipynb')
        $ended = $job | Wait-TrainingJob
        $result = $ended | Receive-TrainingResult -Destination (Join-Path $TestDrive 'result')

        function Show {
            param($Object)

            $Object | Out-String -Width 250
        }
    }

    AfterAll {
        Stop-SpotRehearsal -ErrorAction Ignore
    }

    It 'is on, on loopback' {
        $rehearsal.State | Should -Be 'running'
        ([uri] $rehearsal.EndpointUrl).IsLoopback | Should -BeTrue
        $rehearsal.Environment.Keys | Sort-Object |
            Should -Be 'AWS_ACCESS_KEY_ID', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL', 'AWS_SECRET_ACCESS_KEY', 'SPOTTRAINER_REHEARSAL'
        Show $rehearsal | Should -Match 'State\s+Region\s+Endpoint\s+Account\s+Started'
    }

    It 'finds offers, cheapest first' {
        $offers.Count | Should -Be 5
        $offers.Price | Should -Be ($offers.Price | Sort-Object)
        $offers | ForEach-Object {
            $_.Where | Should -Be 'rehearsal'
            $_.VCpu | Should -BeGreaterOrEqual 2
            $_.Architecture | Should -Be 'x86_64'
        }

        Show $offers | Should -Match 'Where\s+Zone\s+Type\s+vCPU\s+Memory\s+GPU\s+Arch\s+USD/h\s+On demand\s+Saving'
    }

    It 'launches one instance that has a deadline' {
        $instance.GetType().FullName | Should -Be 'SpotTrainer.Instances.SpotTrainingInstance'
        $instance.State | Should -Be 'running'
        $instance.Deadline | Should -BeGreaterThan ([System.DateTimeOffset]::Now)
        $instance.Deadline | Should -BeLessThan ([System.DateTimeOffset]::Now.AddHours(1.1))
        Show $instance | Should -Match 'Where\s+Name\s+Instance\s+Type\s+Zone\s+State\s+Ends at\s+Cost USD'
    }

    It 'finds the instance again' {
        (Get-SpotTrainingInstance -Name pest*).InstanceId | Should -Be $instance.InstanceId
    }

    It 'installs the Python stack' {
        $stack.PythonVersion | Should -Match '^3\.'
        $stack.Package | Should -Contain 'scikit-learn'
        Show $stack | Should -Match 'Instance\s+Python\s+Packages\s+Conda'
    }

    It 'installs it a second time' {
        ($instance | Install-CondaStack -Package pandas).CondaVersion | Should -Be $stack.CondaVersion
    }

    It 'names a package that is not there' {
        $record = Get-StepError { $instance | Install-CondaStack -Package no-such-package }
        Assert-StepError $record PackagesNotFound ObjectNotFound
        $record.TargetObject | Should -Be 'no-such-package'
    }

    It 'secures Jupyter, and keeps the password here' {
        $security.Password | Should -BeOfType [securestring]
        $clear = [System.Net.NetworkCredential]::new('', $security.Password).Password
        $found = Invoke-TrainingCommand "grep -rcF '$clear' ~/spottrainer/jupyter | grep -v ':0`$'" -Instance $instance -AllowFailure
        $found.Output.Trim() | Should -BeNullOrEmpty
        Show $security | Should -Match 'Instance\s+Password\s+Valid until\s+Certificate'
        Show $security | Should -Not -Match ([regex]::Escape($clear))
    }

    It 'starts Jupyter on the loopback of the machine' {
        $server.State | Should -Be 'running'
        ($server | Invoke-TrainingCommand "curl -ks $($server.Url)api").Output | Should -Match '"version"'
        Show $server | Should -Match 'Instance\s+State\s+Port\s+Version\s+Url'
    }

    It 'sends the data' {
        $data.File | Should -Be 'breast-cancer.csv'
        Show $data | Should -Match 'Instance\s+Files\s+KiB\s+Seconds\s+Destination'
    }

    It 'trains' {
        $job.State | Should -Be 'running'
        $ended.State | Should -Be 'succeeded'
        $ended.Cell | Should -Be $ended.CellCount
        Show $ended | Should -Match 'Instance\s+Notebook\s+State\s+Cell\s+Seconds\s+Error'
    }

    It 'fetches the executed notebook, the model and the metrics' {
        $result.File | Should -Contain 'train.ipynb'
        $result.File | Should -Contain 'metrics.json'
        $result.File | ForEach-Object { Join-Path $result.Path $_ | Should -Exist }
        $result.Metrics.test_roc_auc | Should -BeGreaterThan 0.9
        Show $result | Should -Match 'Instance\s+Files\s+KiB\s+Path'
        (Get-Content -LiteralPath (Join-Path $result.Path 'train.ipynb') -Raw | ConvertFrom-Json).cells.outputs | Should -Not -BeNullOrEmpty
    }

    It 'tells what a failed job raised, and fetches what it left' {
        $script = Join-Path $TestDrive 'broken.py'
        Set-Content -LiteralPath $script -Value "raise ValueError('for the test')"
        $broken = $instance | Start-TrainingJob -Path $script
        $output = $broken | Wait-TrainingJob -ErrorVariable problem -ErrorAction SilentlyContinue
        $output.State | Should -Be 'failed'
        Assert-StepError $problem JobFailed InvalidResult
        "$problem" | Should -Match 'ValueError: for the test'
        ($output | Receive-TrainingResult -Destination (Join-Path $TestDrive 'broken')).File | Should -Contain 'log.txt'
    }

    It 'tells the exit code and the last lines of a command that failed' {
        $record = Get-StepError { $instance | Invoke-TrainingCommand 'echo too bad >&2; exit 3' }
        Assert-StepError $record RemoteCommandFailed InvalidResult
        "$record" | Should -Match 'exit code 3.*too bad'
    }

    It 'refuses a machine that has another host key' {
        $record = Get-StepError {
            Connect-TrainingHost $instance.HostName $instance.UserName -Port $instance.Port -KeyPath $instance.KeyPath -HostKey (
                'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU')
        }
        Assert-StepError $record HostKeyMismatch SecurityError
    }

    It 'changes nothing with -WhatIf' {
        $server | Stop-JupyterServer -WhatIf | Should -BeNullOrEmpty
        $job | Receive-TrainingResult -Destination (Join-Path $TestDrive 'what-if') -WhatIf | Should -BeNullOrEmpty
        $instance | Invoke-TrainingCommand 'touch ~/what-if' -WhatIf | Should -BeNullOrEmpty
        $instance | Remove-SpotTrainingInstance -WhatIf | Should -BeNullOrEmpty
        Join-Path $TestDrive 'what-if' | Should -Not -Exist
        ($instance | Invoke-TrainingCommand 'test -e ~/what-if' -AllowFailure).ExitCode | Should -Be 1
        (Get-SpotTrainingInstance -Name pester).State | Should -Be 'running'
    }

    Context 'at its end' {
        BeforeAll {
            $stopped = $server | Stop-JupyterServer
            $removed = $result | Remove-SpotTrainingInstance
            $left = Get-SpotTrainingInstance
            $end = Stop-SpotRehearsal
        }

        It 'stopped Jupyter' {
            $stopped.State | Should -Be 'stopped'
        }

        It 'removed the instance, found through the result' {
            $removed.InstanceId | Should -Be $instance.InstanceId
            $removed.State | Should -Be 'terminated'
            $removed.Cost | Should -BeGreaterThan 0
            $removed.OnDemandCost | Should -BeGreaterThan $removed.Cost
            $left | Should -BeNullOrEmpty
        }

        It 'ended, and its objects lead nowhere else' {
            $end.State | Should -Be 'ended'
            Assert-StepErrorId (Get-StepError { $instance | Invoke-TrainingCommand 'true' }) 'RehearsalEnded'
            Assert-StepErrorId (Get-StepError { $offers | New-SpotTrainingInstance }) 'RehearsalEnded'
        }

        It 'left no key behind' {
            $instance.KeyPath | Should -Not -Exist
        }
    }
}
