#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Send-TrainingData' {
    It 'says where an address belongs' {
        $record = Get-StepError { @() | Send-TrainingData 'https://example.org/a.zip?key=secret' }
        Assert-StepError $record PathIsAddress InvalidArgument
        "$record" | Should -Not -Match secret
    }

    It 'names data that are not there' {
        $path = Join-Path $TestDrive 'missing.csv'
        $record = Get-StepError { @() | Send-TrainingData -Path $path }
        Assert-StepError $record DataNotFound ObjectNotFound
        "$($record.TargetObject)" | Should -Be $path
        $record = Get-StepError { @() | Send-TrainingData -Path "$path*" }
        Assert-StepError $record DataNotFound ObjectNotFound
        "$record" | Should -BeLike 'Nothing matches *missing.csv`*. *'
    }

    It 'refuses the destination <Destination>, which nobody can mean' -ForEach @(
        @{ Destination = 'C:\data' }, @{ Destination = '$HOME/x' }, @{ Destination = '%USERPROFILE%/x' }, @{ Destination = 'a\b' }
        @{ Destination = 's3://bucket/x' }, @{ Destination = '~other/x' }, @{ Destination = "a`nb" }, @{ Destination = ' ' }
        @{ Destination = '~/x/.spottrainer-incoming' }, @{ Destination = ' ~/x' }, @{ Destination = '~/spottrainer/control' }
    ) {
        $record = Get-StepError { @() | Send-TrainingData -LiteralPath $TestDrive -Destination $Destination }
        Assert-StepError $record DestinationInvalid InvalidArgument
        "$($record.TargetObject)" | Should -Be $Destination
    }

    It 'mirrors one folder only' {
        Set-Content (Join-Path $TestDrive 'a.txt') a
        Assert-StepError (Get-StepError { @() | Send-TrainingData (Join-Path $TestDrive 'a.txt') -Mirror }) MirrorNeedsFolder InvalidArgument
        Assert-StepError (Get-StepError { @() | Send-TrainingData $TestDrive, $TestDrive -Mirror }) MirrorNeedsFolder InvalidArgument
    }

    It 'names what is wrong with <Uri>' -ForEach @(
        @{ Uri = 'http://example.org/x.zip'; Id = 'UriNotHttps'; Category = 'SecurityError' }
        @{ Uri = 'ftp://example.org/x.zip'; Id = 'UriNotHttps'; Category = 'SecurityError' }
        @{ Uri = 'file:///etc/passwd'; Id = 'UriNotHttps'; Category = 'SecurityError' }
        @{ Uri = 'example.org/x.zip'; Id = 'UriInvalid'; Category = 'InvalidArgument' }
        @{ Uri = 'https://drive.google.com/drive/folders/1AbCdEf'; Id = 'DriveLinkUnsupported'; Category = 'InvalidArgument' }
        @{ Uri = 'https://docs.google.com/spreadsheets/d/1AbCdEf/edit'; Id = 'DriveLinkUnsupported'; Category = 'InvalidArgument' }
    ) {
        $record = Get-StepError { @() | Send-TrainingData -Uri "$Uri`?key=made-for-tests-5ecre7" }
        Assert-StepError $record $Id $Category

        # Whatever PowerShell shows of an error, the secret is not in it.
        $record, $record.InvocationInfo.PositionMessage, $record.CategoryInfo, $record.TargetObject, $record.Exception.NextStep |
            Out-String -Width 500 | Should -Not -Match '5ecre7'
    }

    It 'wants a whole SHA-256 and a plain name for each address' {
        $uri = @{ Uri = 'https://example.org/x.zip' }
        Assert-StepError (Get-StepError { @() | Send-TrainingData @uri -Sha256 abc }) UriHashInvalid InvalidArgument
        Assert-StepError (Get-StepError { @() | Send-TrainingData @uri -FileName ../x }) UriNameInvalid InvalidArgument
        Assert-StepError (Get-StepError { @() | Send-TrainingData @uri -FileName x, y }) UriCountDiffers InvalidArgument
        Assert-StepError (Get-StepError { @() | Send-TrainingData @uri -Sha256 ('0' * 64), ('1' * 64) }) UriCountDiffers InvalidArgument
    }

    It 'names a parameter that is for files or for addresses only' {
        $uri = 'https://example.org/x.zip'
        foreach ($given in @{ Mirror = $true }, @{ Include = 'a' }, @{ Exclude = 'a' }, @{ Checksum = $true }) {
            $record = Get-StepError { @() | Send-TrainingData -Uri $uri @given }
            Assert-StepError $record ParameterMisplaced InvalidArgument
            $record.TargetObject | Should -Be "-$($given.Keys)"
        }

        Assert-StepError (Get-StepError { @() | Send-TrainingData $TestDrive -FileName a }) ParameterMisplaced InvalidArgument
        Assert-StepError (Get-StepError { @() | Send-TrainingData -LiteralPath $TestDrive -Sha256 a }) ParameterMisplaced InvalidArgument
    }

    It 'takes files or addresses, not both' {
        { @() | Send-TrainingData -Path x.csv -Uri https://example.org/x.zip } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
        { @() | Send-TrainingData x.csv -Uri https://example.org/x.zip } | Should -Throw -ErrorId 'PositionalParameterNotFound*'
    }
}

Describe 'Send-TrainingData on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'sends the data' {
        $data = Get-TestData
        $data.Files | Should -Be 'breast-cancer.csv'
        Show $data | Should -Match 'Instance\s+Files\s+Unchanged\s+Skipped\s+Failed\s+Size\s+Destination'
    }

    It 'sends what is data, once, and names the rest' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'set')).FullName
        $null = New-Item -ItemType Directory (Join-Path $folder 'sub'), (Join-Path $folder 'sub/empty'), (Join-Path $folder '.git')
        Set-Content (Join-Path $folder 'a.csv') 'a'
        Set-Content (Join-Path $folder 'sub/b.txt') 'b'
        Set-Content (Join-Path $folder '.git/config') 'c'
        Set-Content (Join-Path $folder '.env') 'KEY=1'
        Set-Content (Join-Path $folder '.spotignore') '*.tmp'
        Set-Content (Join-Path $folder 'x.tmp') 'x'
        Set-Content (Join-Path $folder 'a.csv.part') 'a file of the user''s own'
        $null = New-Item -ItemType SymbolicLink (Join-Path $folder 'out') -Target /etc/ssh
        & mkfifo (Join-Path $folder 'pipe')
        $instance = Get-TestInstance
        $to = @{ Destination = '~/set' }

        $whatIf = Join-Path $TestDrive 'plan.txt'
        $null = Start-Transcript $whatIf
        $instance | Send-TrainingData $folder @to -WhatIf -WarningAction Ignore
        $null = Stop-Transcript
        Get-Content -Raw $whatIf | Should -Match 'send 4 files \(35 bytes\) to ~/set; 5 stay behind'

        $data = $instance | Send-TrainingData $folder @to -WarningVariable warned -WarningAction Ignore
        $data.Files | Should -Be '.spotignore', 'a.csv', 'a.csv.part', 'sub/b.txt'
        $data.Skipped.Path | Sort-Object | Should -Be '.env', '.git', 'out', 'pipe', 'x.tmp'
        $data.Failed | Should -BeNullOrEmpty
        "$warned" | Should -Match ([regex]::Escape(".env stays behind: files of this name hold secrets. To send it, too: -Exclude '!/.env'"))
        "$warned" | Should -Not -Match 'x\.tmp'
        $instance | Invoke-TrainingCommand 'cd ~/set && find . | sort' | Should -Be '.', './.spotignore', './a.csv', './a.csv.part', './sub', './sub/b.txt', './sub/empty'

        $again = $instance | Send-TrainingData $folder @to -WarningAction Ignore
        $again.Files | Should -BeNullOrEmpty
        $again.Unchanged | Should -Be 4
        Show $again | Should -Match 'pester\s+0\s+4\s+5\s+0\s+0 bytes\s+~/set'
        Show $data.Skipped | Should -Match 'Path\s+Reason'

        # What the warning advises sends that file, and only that.
        ($instance | Send-TrainingData $folder @to -Exclude '!/.env' -WarningAction Ignore).Files | Should -Be ".env"
        $each = $instance | Send-TrainingData (Join-Path $folder '*.csv*') @to -PassThru
        $each.State | Should -Be 'Unchanged', 'Unchanged'
        Show $each[0] | Should -Match 'Instance\s+State\s+Size\s+Path'
        ($instance | Send-TrainingData -LiteralPath (Join-Path $folder 'a.csv') -Destination '~/set [1]').Files | Should -Be 'a.csv'
        $instance | Invoke-TrainingCommand 'cat ~/"set [1]"/a.csv' | Should -Be 'a'

        # The content decides with -Checksum, and the size and the time without.
        $written = (Get-Item (Join-Path $folder 'a.csv')).LastWriteTimeUtc
        Set-Content (Join-Path $folder 'a.csv') 'A'
        (Get-Item (Join-Path $folder 'a.csv')).LastWriteTimeUtc = $written
        ($instance | Send-TrainingData $folder @to -WarningAction Ignore).Files | Should -BeNullOrEmpty
        ($instance | Send-TrainingData $folder @to -WarningAction Ignore -Checksum).Files | Should -Be 'a.csv'

        # What a rule leaves behind stays on the host, and so does what no transfer has brought.
        Remove-Item (Join-Path $folder 'sub/b.txt')
        $null = $instance | Invoke-TrainingCommand 'touch ~/set/made.bin ~/set/y.tmp'
        ($instance | Send-TrainingData $folder @to -Mirror -WarningAction Ignore -Confirm:$false).Deleted | Should -Be 'sub/b.txt'
        $instance | Invoke-TrainingCommand 'cd ~/set && find . -type f | sort' |
            Should -Be './.env', './.spotignore', './a.csv', './a.csv.part', './made.bin', './y.tmp'
        Assert-StepError (Get-StepError { $instance | Send-TrainingData $folder -Destination '~' -Mirror -WarningAction Ignore }) MirrorRefused InvalidArgument
        Assert-StepError (Get-StepError { $instance | Send-TrainingData $folder -Destination '~/spottrainer/data/..' -Mirror -WarningAction Ignore }) MirrorRefused InvalidArgument
        Assert-StepError (Get-StepError { $instance | Send-TrainingData $folder -Destination '~/spottrainer/jobs/x' -Mirror -WarningAction Ignore }) MirrorRefused InvalidArgument
    }

    It 'says what cannot be sent, once, and what -Include does not find' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'odd')).FullName
        $name = "line`nbreak$([char]27)[31m.csv"
        Set-Content -LiteralPath (Join-Path $folder $name) 'x'
        $null = New-Item -ItemType SymbolicLink (Join-Path $folder 'dead') -Target (Join-Path $folder 'nothing')
        & python3 -c 'import os, sys; open(os.fsencode(sys.argv[1]) + b"/caf\xe9", "w")' $folder
        $instance = Get-TestInstance
        $to = @{ Destination = '~/odd' }

        $plan = Join-Path $TestDrive 'odd.txt'
        $null = Start-Transcript $plan
        $instance | Send-TrainingData $folder @to -WhatIf -WarningVariable warned
        $null = Stop-Transcript
        Get-Content -Raw $plan | Should -Match 'send 1 file \(2 bytes\) to ~/odd; 1 stays behind, and 1 cannot be sent'
        $warned.Count | Should -Be 2

        $each = $instance | Send-TrainingData $folder @to -PassThru -WarningVariable warned -WarningAction Ignore -ErrorVariable failed -ErrorAction SilentlyContinue
        $warned | Should -Be 'dead stays behind: the link leads to nothing.'
        Assert-StepError $failed[0] TransferIncomplete InvalidResult
        "$failed" | Should -Match '^1 item could not be sent to .* Its name is not valid Unicode\. Rename it, and run the same command again\.'
        $sent = $each | Where-Object State -EQ Transferred
        $sent.Path | Should -BeExactly $name
        Show $each | Should -Match 'line\\x0abreak\\x1b\[31m\.csv'
        Show $each | Should -Match 'dead: The link leads to nothing\.'

        # What is named must be sent, or it is an error.
        $record = Get-StepError { $instance | Send-TrainingData (Join-Path $folder 'dead') @to | Out-Null }
        Assert-StepError $record TransferIncomplete InvalidResult
        "$record" | Should -Match 'dead: The link leads to nothing\.'

        $null = $instance | Send-TrainingData $example @to -Include 'nosuch.csv', '*.ipynb' -WarningVariable warned -WarningAction Ignore
        & find $folder -delete
        $warned | Should -Be "Nothing to send matches -Include 'nosuch.csv'."
    }

    It 'sends what Get-ChildItem finds, in one transfer' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'found/sub')).Parent.FullName
        Set-Content -LiteralPath (Join-Path $folder 'a[1].csv') 'a'
        Set-Content (Join-Path $folder 'b.csv') 'b'
        Set-Content (Join-Path $folder 'sub/c.csv') 'c'
        $instance = Get-TestInstance
        $data = Get-ChildItem $folder | Send-TrainingData -Instance $instance -Destination '~/found'
        $data.Files | Should -Be 'a[1].csv', 'b.csv', 'sub/c.csv'
        $instance | Invoke-TrainingCommand 'cd ~/found && find . -type f | sort' | Should -Be './a[1].csv', './b.csv', './sub/c.csv'
        (Get-ChildItem $folder -Filter *.csv | Send-TrainingData -Instance $instance -Destination '~/found').Unchanged | Should -Be 2
        Get-ChildItem $folder -Filter *.none | Send-TrainingData -Instance $instance | Should -BeNullOrEmpty
    }

    It 'sends what a link in -Path leads to' {
        Set-Content (Join-Path $TestDrive 'target.csv') 'hello'
        $null = New-Item -ItemType SymbolicLink (Join-Path $TestDrive 'link.csv') -Target (Join-Path $TestDrive 'target.csv')
        $instance = Get-TestInstance
        $data = $instance | Send-TrainingData (Join-Path $TestDrive 'link.csv') -Destination '~/links'
        $data.Files | Should -Be 'link.csv'
        $instance | Invoke-TrainingCommand 'cat links/link.csv' | Should -Be 'hello'
        ($instance | Send-TrainingData (Join-Path $TestDrive 'link.csv') -Destination '~/links').Unchanged | Should -Be 1
    }

    It 'says with -WhatIf what -Checksum would send, and what -Mirror refuses' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'same')).FullName
        Set-Content (Join-Path $folder 'a') 'a'
        Set-Content (Join-Path $folder 'b') 'b'
        $instance = Get-TestInstance
        $null = $instance | Send-TrainingData $folder -Destination '~/same'
        $written = (Get-Item (Join-Path $folder 'a')).LastWriteTimeUtc
        Set-Content (Join-Path $folder 'a') 'A'
        (Get-Item (Join-Path $folder 'a')).LastWriteTimeUtc = $written
        $plan = Join-Path $TestDrive 'plan-of-sums.txt'
        $null = Start-Transcript $plan
        $instance | Send-TrainingData $folder -Destination '~/same' -Checksum -WhatIf
        $null = Stop-Transcript
        Get-Content -Raw $plan | Should -Match 'send 1 file \(2 bytes\) to ~/same; 1 is there already'

        $record = Get-StepError { $instance | Send-TrainingData $folder -Destination '~' -Mirror -WhatIf }
        Assert-StepError $record MirrorRefused InvalidArgument
    }

    It 'warns of a folder of this computer that is meant to be one of the host' {
        $instance = Get-TestInstance
        $null = $instance | Send-TrainingData (Join-Path $example 'data') -Destination "$HOME/x" -WhatIf -WarningVariable warned -WarningAction Ignore
        "$warned" | Should -Match 'is in the home folder of this computer, and .* has another one on .* In -Destination, ~ is the home folder on the host'
    }

    It 'names what is in the way, and sends the rest' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'way')).FullName
        Set-Content (Join-Path $folder 'a') 'a'
        Set-Content (Join-Path $folder 'b') 'b'
        $instance = Get-TestInstance
        $null = $instance | Invoke-TrainingCommand 'mkdir -p ~/way/a && echo file > ~/file'
        $instance | Send-TrainingData $folder -Destination '~/way' -WhatIf -WarningVariable warned -WarningAction Ignore
        "$warned" | Should -Be 'a cannot be sent: The host has a folder of this name.'
        $data = $instance | Send-TrainingData $folder -Destination '~/way' -ErrorVariable failed -ErrorAction SilentlyContinue
        $data.Files | Should -Be 'b'
        "$($data.Failed)" | Should -Be 'a: The host has a folder of this name.'
        Assert-StepError $failed[0] TransferIncomplete InvalidResult
        Assert-StepError (Get-StepError { $instance | Send-TrainingData $folder -Destination '~/file/x' }) RemotePathIsFile InvalidOperation
        Assert-StepError (Get-StepError { $instance | Send-TrainingData $folder -Destination /proc/x }) RemotePathDenied PermissionDenied
    }

    It 'says what would be fetched, without the secret' {
        $instance = Get-TestInstance
        $said = & {
            $file = Join-Path $TestDrive 'what-if.txt'
            $null = Start-Transcript $file
            $uri = ([uri] 'https://example.org/a%20b/x.zip?key=made-for-tests-5ecre7'), 'https://drive.google.com/open?id=1AbCdEf'
            $instance | Send-TrainingData -WhatIf -Uri $uri
            $null = Stop-Transcript
            Get-Content -Raw $file
        }
        $said | Should -Match 'fetch https://example.org/a%20b/x.zip, https://drive.google.com/file/d/1AbCdEf to ~/spottrainer/data'
        ($said -split "`n" | Where-Object { $_ -match 'What if' }) | Should -Not -Match '5ecre7'
    }

    It 'says what a fetched file would be called' {
        $file = Join-Path $TestDrive 'named.txt'
        $null = Start-Transcript $file
        Get-TestInstance | Send-TrainingData -WhatIf -Uri https://example.org/x.zip, https://example.org/y -FileName a.zip, b.csv -PassThru
        $null = Stop-Transcript
        Get-Content -Raw $file | Should -Match 'fetch https://example.org/x.zip to ~/spottrainer/data/a.zip, https://example.org/y to ~/spottrainer/data/b.csv"'
    }

    It 'says of a server that the host cannot reach what to do' {
        $record = Get-StepError { Get-TestInstance | Send-TrainingData -Uri 'https://none.invalid/x.zip?key=made-for-tests-5ecre7' }
        Assert-StepError $record UriUnreachable ConnectionError
        "$record" | Should -Match 'https://none.invalid/x.zip'
        "$record" | Should -Not -Match '5ecre7'
    }
}
