#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Invoke-TrainingCommand' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $instance = Get-TestInstance

        # The same machine as a host of another name, so that there are two.
        $known = @{ Port = $instance.Port; KeyPath = $instance.KeyPath; HostKey = $instance.HostKeys }
        $same = Connect-TrainingHost $instance.HostName $instance.UserName @known
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'tells the exit code and the last lines of a command that failed' {
        $record = Get-StepError { $instance | Invoke-TrainingCommand 'echo too bad >&2; exit 3' }
        Assert-StepError $record RemoteCommandFailed InvalidResult
        "$record" | Should -Match 'exit code 3.*too bad'
    }

    It 'runs a here-string with the line ends of Windows' {
        ($instance | Invoke-TrainingCommand -Result "for i in 1 2`r`ndo`r`n  echo `$i`r`ndone`r`n").Output | Should -Be "1`n2`n"
    }

    It 'runs nothing with -WhatIf' {
        $instance | Invoke-TrainingCommand 'touch ~/what-if' -WhatIf | Should -BeNullOrEmpty
        ($instance | Invoke-TrainingCommand -Result 'test -e ~/what-if' -AllowFailure).ExitCode | Should -Be 1
    }

    It 'writes lines as strings, and those of standard error to the information stream' {
        $lines = $instance | Invoke-TrainingCommand 'echo one; echo wrong >&2; printf two' -InformationVariable errors 6> $null
        $lines | Should -Be 'one', 'two'
        $lines | Should -BeOfType string
        "$errors" | Should -Be 'wrong'
    }

    It 'has no input unless it is given' {
        $instance | Invoke-TrainingCommand 'cat; echo end' -Timeout 60 | Should -Be 'end'
    }

    It 'gives <_> to the command' -ForEach 'lines', 'bytes', 'a file' {
        $bytes = [byte[]] (0x61, 0x6c, 0x6c, 10, 10, 0x6e, 0xc3, 0xa9, 10, 0x37, 10)
        [System.IO.File]::WriteAllBytes("$TestDrive/input", $bytes)
        $given = switch ($_) {
            'lines' { @{ InputObject = 'all', '', "n$([char] 0xe9)", 7 } }
            'bytes' { @{ InputObject = @(, [byte[]] $bytes[0..5]) + $bytes[6..10] } }
            default { @{ InputFile = "$TestDrive/input" } }
        }
        $instance | Invoke-TrainingCommand 'xxd -p' @given | Should -Be '616c6c0a0a6ec3a90a370a'
    }

    It 'gives the arguments to the program as they are' {
        $values = "it's", 'a "b" \ c', "two`nlines", '$(id) `id` $HOME', '-n', '--help', '', '*', '; exit 3', "n$([char] 0xe9)"
        $result = $instance | Invoke-TrainingCommand printf -ArgumentList (@('[%s]') + $values) -Result
        $result.Output | Should -BeExactly (-join ($values | ForEach-Object { "[$_]" }))
    }

    It 'sets variables and the folder, also for root' {
        $place = @{ WorkingDirectory = '~'; Environment = @{ A = 1; B = '$(id) "x"' } }
        $command = 'echo "$PWD|$A|$B|$SUDO_USER"'
        $instance | Invoke-TrainingCommand $command @place | Should -Be "/home/$($instance.UserName)|1|`$(id) `"x`"|"
        $instance | Invoke-TrainingCommand $command @place -Sudo | Should -Be "/root|1|`$(id) `"x`"|$($instance.UserName)"
        Assert-StepError (Get-StepError { $instance | Invoke-TrainingCommand pwd -WorkingDirectory /none }) RemotePathNotFound ObjectNotFound
    }

    It 'names <Id>' -ForEach @(
        @{ Id = 'FileNotFound'; Category = 'ObjectNotFound'; More = @{ InputFile = 'none' } }
        @{ Id = 'InputTwice'; Category = 'InvalidArgument'; More = @{ InputFile = 'none'; InputObject = 'x' } }
        @{ Id = 'VariableNameInvalid'; Category = 'InvalidArgument'; More = @{ Environment = @{ 'A=;id' = 1 } } }
    ) {
        Assert-StepError (Get-StepError { $instance | Invoke-TrainingCommand cat @More }) $Id $Category
    }

    It 'says of each line where it came from' {
        $before = [datetimeoffset]::Now
        $lines = $instance | Invoke-TrainingCommand "printf 'out\033[31m\n'; sleep 0.2; echo err >&2" -Detailed
        $lines.Stream | Should -Be 'Output', 'Error'
        $lines.Text | Should -Be "out$([char] 27)[31m", 'err'
        $lines[0].Instance.InstanceId | Should -Be $instance.InstanceId
        $lines[0].Time | Should -BeGreaterThan $before
        $lines[1].Time | Should -BeGreaterThan $lines[0].Time
        Show $lines[0] | Should -Match 'pester +[0-9:.]+ Output +out\\x1b\[31m'
    }

    It 'has the whole result in one object' {
        $result = $instance | Invoke-TrainingCommand 'echo out; echo err >&2; exit 3' -Result -AllowFailure
        $result.ExitCode, $result.Output, $result.ErrorOutput, $result.IsTruncated | Should -Be 3, "out`n", "err`n", $false
        $result.Instance.InstanceId | Should -Be $instance.InstanceId
        $result | Format-List | Out-String | Should -Match 'err'
    }

    It 'has the bytes as the command wrote them' {
        $bytes = $instance | Invoke-TrainingCommand "printf '\000\377\n\303'; head -c 200000 /dev/zero" -AsByteStream
        $all = [byte[]] ($bytes | ForEach-Object { $_ })
        $all.Length | Should -Be 200004
        $all[0..3] | Should -Be 0, 255, 10, 0xc3
    }

    It 'leaves the exit code of one host in $LASTEXITCODE, and that of several alone' {
        Get-StepError { $instance | Invoke-TrainingCommand 'exit 7' -AllowFailure } | Should -BeNullOrEmpty
        $LASTEXITCODE | Should -Be 7
        Get-StepError { $instance, $same | Invoke-TrainingCommand 'exit 8' -AllowFailure } | Should -BeNullOrEmpty
        $LASTEXITCODE | Should -Be 7
        $instance | Invoke-TrainingCommand 'true'
        $LASTEXITCODE | Should -Be 0
    }

    It 'has the name of the host before each line if there are several' {
        $lines = $instance, $same | Invoke-TrainingCommand 'echo in; echo err >&2' 6>&1 | ForEach-Object { "$_" }
        $at = "$($instance.HostName)$(if ($instance.Port -ne 22) { ":$($instance.Port)" })"
        $lines | Sort-Object | Should -Be ("${at}: err", "${at}: in", 'pester: err', 'pester: in')
    }

    It 'ends a command that takes longer than -Timeout, also on the host' {
        $mark = "60$(Get-Random -Maximum 99999).25"
        Assert-StepError (Get-StepError { $instance | Invoke-TrainingCommand "sleep $mark" -Timeout 0.5 }) CommandTimedOut OperationTimeout
        $instance | Invoke-TrainingCommand "until ! pgrep -fx 'sleep $mark'; do sleep 0.1; done" -Timeout 60 -ErrorAction Stop | Out-Null
    }
}
