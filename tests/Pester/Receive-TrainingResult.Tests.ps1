#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Receive-TrainingResult' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
        $result = Get-TestResult

        function Set-Notebook {
            param([string] $Path, [string[]] $Source)

            $cells = @($Source | ForEach-Object {
                @{ cell_type = 'code'; execution_count = $null; metadata = @{}; outputs = @(); source = $_ }
            })
            ConvertTo-Json -Depth 5 @{ cells = $cells; metadata = @{}; nbformat = 4; nbformat_minor = 4 } | Set-Content -LiteralPath $Path
        }
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'fetches the executed notebook, the model and the metrics' {
        $result.Files | Should -Contain 'train.ipynb'
        $result.Files | Should -Contain 'metrics.json'
        $result.Files | ForEach-Object { Join-Path $result.Path $_ | Should -Exist }
        $result.Files | Where-Object { $_ -like 'data/*' } | Should -BeNullOrEmpty
        $result.Failed | Should -BeNullOrEmpty
        $result.LogPath | Should -Be (Join-Path $result.Path 'spottrainer/log.txt')
        $result.LogPath | Should -Exist
        $result.Metrics.test_roc_auc | Should -BeGreaterThan 0.9
        Show $result | Should -Match 'Instance\s+Files\s+Unchanged\s+Failed\s+Size\s+Path'
        (Get-Content -LiteralPath (Join-Path $result.Path 'train.ipynb') -Raw | ConvertFrom-Json).cells.outputs | Should -Not -BeNullOrEmpty
    }

    It 'says what was here already' {
        $again = Get-TestEndedJob | Receive-TrainingResult -Destination $result.Path
        $again.Files | Should -Be $result.Files
        $again.Unchanged | Should -Be $result.Files.Count
        $again.Bytes | Should -Be $result.Bytes
        $result.Unchanged | Should -Be 0
        Show $again | Should -Match "pester\s+$($result.Files.Count)\s+$($result.Files.Count)\s+0\s"
        (Show ($again | Format-List)) | Should -Match 'Unchanged +: '
    }

    It 'completes the IDs of jobs' {
        $job = Get-TestEndedJob
        Get-Completion 'Receive-TrainingResult -Job ' | Should -Contain $job.Id
        Get-Completion "Wait-TrainingJob $($job.Id.Substring(0, 4))" | Should -Contain $job.Id
    }

    It 'tells what -Include asks for, and does not find' {
        $to = @{ Destination = (Join-Path $TestDrive 'include'); WarningVariable = 'warned'; WarningAction = 'Ignore' }
        (Get-TestEndedJob | Receive-TrainingResult @to -Include 'nosuch.csv', 'metrics.json').Files |
            Should -Be 'metrics.json', 'spottrainer/log.txt', 'spottrainer/status.json'
        $warned | Should -Be "Nothing to fetch matches -Include 'nosuch.csv'."
    }

    It 'wants a folder' {
        $file = Join-Path $TestDrive 'a-file'
        Set-Content $file x
        $file, (Join-Path $file 'below') | ForEach-Object {
            $record = Get-StepError { Get-TestEndedJob | Receive-TrainingResult -Destination $_ }
            Assert-StepError $record LocalPathFailed InvalidOperation
            "$record" | Should -Match 'a-file is a file, and a folder is needed there'
        }
    }

    It 'fetches nothing with -WhatIf' {
        Get-TestJob | Receive-TrainingResult -Destination (Join-Path $TestDrive 'what-if') -WhatIf | Should -BeNullOrEmpty
        Join-Path $TestDrive 'what-if' | Should -Not -Exist
    }

    It 'says with -WhatIf what it cannot fetch' {
        $job = Get-TestEndedJob
        $instance = Get-TestInstance
        $null = $instance | Invoke-TrainingCommand "cd $($job.Folder) && : > `$'a\x1bb' && : > way"
        try {
            $to = (New-Item -ItemType Directory (Join-Path $TestDrive 'cannot/way')).Parent.FullName
            $job | Receive-TrainingResult -Destination $to -Include 'a*', way -WhatIf -WarningVariable warned -WarningAction Ignore
            $real = $job | Receive-TrainingResult -Destination $to -Include 'a*', way -WarningAction Ignore -WarningVariable said
            $real.Failed.Count | Should -Be 2
            $warned.Message | Sort-Object | Should -Be ($said.Message | Sort-Object)
            "$warned" | Should -Match 'a\\x1bb stays on .*: its name has control characters'
        }
        finally {
            $null = $instance | Invoke-TrainingCommand "cd $($job.Folder) && rm -f `$'a\x1bb' way"
        }
    }

    It 'fetches what was made of data that was sent, all through a jump host' {
        # The machine as it is seen from itself: only its own connections reach that address.
        $null = Get-TestStack
        $instance = Get-TestInstance
        $known = @{ KeyPath = $instance.KeyPath; HostKey = $instance.HostKeys; JumpHost = $instance }
        $behind = Connect-TrainingHost localhost $instance.UserName @known
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'jumped')).FullName

        # One of them is so large that it travels in pieces.
        $sent = foreach ($size in 300000, 20000000) {
            $bytes = [byte[]]::new($size)
            [System.Random]::new(7).NextBytes($bytes)
            [System.IO.File]::WriteAllBytes((Join-Path $folder "$size.bin"), $bytes)
            [System.Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($bytes))
        }

        Set-Notebook (Join-Path $TestDrive 'jump.ipynb') @'
for size in 300000, 20000000:
    with open(f'data/{size}.bin', 'rb') as file, open(f'back-{size}.bin', 'wb') as back:
        back.write(file.read())
'@
        $data, $said = ($behind | Send-TrainingData $folder -Verbose 4>&1).Where({ $_ -isnot [System.Management.Automation.VerboseRecord] }, 'Split')
        "$said" | Should -Match '1 large file in pieces'
        $job = $data | Start-TrainingJob (Join-Path $TestDrive 'jump.ipynb') | Wait-TrainingJob
        "$($job.Instance)" | Should -Match 'localhost:22 through pester'
        $said = $job | Receive-TrainingResult -Destination (Join-Path $TestDrive 'jump') -Verbose 4>&1
        "$said" | Should -Match '1 file in pieces'
        (Get-FileHash (Join-Path $TestDrive 'jump/back-300000.bin'), (Join-Path $TestDrive 'jump/back-20000000.bin')).Hash | Should -Be $sent
    }

    It 'fetches what is asked for, once, and says what became of each file' {
        $null = Get-TestStack
        $instance = Get-TestInstance
        Set-Content -LiteralPath (Join-Path $TestDrive 'asked.csv') 'sent'
        $path = Join-Path $TestDrive 'asked.py'
        Set-Content -LiteralPath $path @'
import os
os.makedirs('out')
for name in 'a.csv', 'b.txt', 'out/c.csv', 'out/d.tmp', 'data/asked.csv':
    with open(name, 'w') as file:
        file.write(name)
with open('model.bin', 'wb') as file:
    file.write(os.urandom(9000000))
'@
        $job = $instance | Send-TrainingData (Join-Path $TestDrive 'asked.csv') | Start-TrainingJob $path | Wait-TrainingJob
        $mark = "test -e ~/spottrainer/control/$($job.Id)/received"
        $own = 'spottrainer/log.txt', 'spottrainer/status.json'
        $to = @{ Destination = Join-Path $TestDrive 'asked' }

        # The log comes along. What was left out still waits on the host.
        $some = $job | Receive-TrainingResult @to -Include '*.csv'
        $some.Files | Should -Be (@('a.csv', 'data/asked.csv', 'out/c.csv') + $own)
        $some.Failed | Should -BeNullOrEmpty
        ($job | Receive-TrainingResult -Include '*.csv' -Exclude '/out/', '/data' -Destination (Join-Path $TestDrive 'few')).Files |
            Should -Be (@('a.csv') + $own)
        ($instance | Invoke-TrainingCommand $mark -Result -AllowFailure).ExitCode | Should -Be 1
        $most = $job | Receive-TrainingResult @to -Exclude '*.tmp', 'model.bin'
        $most.Files | Should -Be (@('a.csv', 'asked.py', 'b.txt', 'data/asked.csv', 'out/c.csv') + $own)
        $most.Unchanged | Should -Be 5
        ($instance | Invoke-TrainingCommand $mark -Result -AllowFailure).ExitCode | Should -Be 1

        # The rest.
        $each = $job | Receive-TrainingResult @to -PassThru
        ($each | Where-Object State -EQ 'Transferred').Path | Sort-Object | Should -Be 'model.bin', 'out/d.tmp'
        ($each | Where-Object State -EQ 'Unchanged').Path | Sort-Object | Should -Be ($most.Files | Sort-Object)
        ($each | Where-Object Path -EQ 'model.bin').Length | Should -Be 9000000
        Show $each[0] | Should -Match 'Instance\s+State\s+Size\s+Path'
        ($instance | Invoke-TrainingCommand $mark -Result).ExitCode | Should -Be 0

        # The content decides with -Checksum, and the size and the time without.
        $changed = 'a.csv', 'data/asked.csv', 'model.bin'
        foreach ($file in $changed | ForEach-Object { Get-Item (Join-Path $to.Destination $_) }) {
            $written = $file.LastWriteTimeUtc
            $bytes = [System.IO.File]::ReadAllBytes($file)
            $bytes[$bytes.Length - 1] = $bytes[-1] -bxor 1
            [System.IO.File]::WriteAllBytes($file, $bytes)
            $file.LastWriteTimeUtc = $written
        }

        $job | Receive-TrainingResult @to -PassThru | Where-Object State -EQ 'Transferred' | Should -BeNullOrEmpty
        ($job | Receive-TrainingResult @to -PassThru -Checksum | Where-Object State -EQ 'Transferred').Path | Sort-Object | Should -Be $changed
        Get-Content -LiteralPath (Join-Path $to.Destination 'data/asked.csv') | Should -Be 'data/asked.csv'
        ($instance | Invoke-TrainingCommand "sha256sum $($job.Folder)/model.bin") -split ' ' | Select-Object -First 1 |
            Should -Be (Get-FileHash (Join-Path $to.Destination 'model.bin')).Hash
    }

    It 'fetches everything that a <Kind> wrote, whatever it is called, and no data that is as it was sent' -ForEach @(
        @{ Kind = 'notebook'; File = 'own.ipynb' }
        @{ Kind = 'script'; File = 'own.py' }
    ) {
        $null = Get-TestStack
        $sent = (New-Item -ItemType Directory (Join-Path $TestDrive "sent-$Kind")).FullName
        'unchanged', 'rewritten', 'appended' |
            ForEach-Object { [System.IO.File]::WriteAllText((Join-Path $sent "$Kind-$_.csv"), 'old') }
        $own = 'log.txt', 'status.json', 'pid', 'received', 'run_notebook.py', "$File.new", 'Spottrainer/log.txt', 'spottrainer-2', 'control/x'
        $code = @'
import os
for name in 'NAMES'.split():
    os.makedirs(os.path.dirname(name) or '.', exist_ok=True)
    with open(name, 'w') as file:
        file.write('mine')
for name in 'rewritten', 'appended':
    path = f'data/KIND-{name}.csv'
    then = os.stat(path)
    with open(path, 'a' if name == 'appended' else 'w') as file:
        file.write('new')
    os.utime(path, ns=(then.st_atime_ns, then.st_mtime_ns))
with open('data/KIND-unchanged.csv') as file:
    assert file.read() == 'old'
os.makedirs('data/KIND-new')
with open('data/KIND-new/x', 'w') as file:
    file.write('x')
os.makedirs('sub')
os.symlink('../log.txt', 'sub/last')
os.symlink('data', 'all')
os.symlink('all/KIND-unchanged.csv', 'linked')
'@.Replace('NAMES', "$own").Replace('KIND', $Kind)
        $check = @'
import os
for name in 'NAMES'.split():
    with open(name) as file:
        assert file.read() == 'mine', name
assert sorted(os.listdir()) == sorted(['data', 'sub', 'all', 'linked', 'FILE'] + list({name.split('/')[0] for name in 'NAMES'.split()})), os.listdir()
'@.Replace('NAMES', "$own").Replace('FILE', $File)
        $path = Join-Path $TestDrive $File
        if ($Kind -eq 'notebook') { Set-Notebook $path $code, $check } else { Set-Content -LiteralPath $path $code, $check }

        $job = Get-TestInstance | Send-TrainingData $sent | Start-TrainingJob $path
        ($job | Wait-TrainingJob).State | Should -Be 'succeeded'
        $out = Join-Path $TestDrive "own-$Kind"
        $fetched = $job.Id | Receive-TrainingResult -Destination $out -WarningVariable warned
        $warned | Should -BeNullOrEmpty
        $fetched.Failed | Should -BeNullOrEmpty
        $data = 'appended.csv', 'new/x', 'rewritten.csv' | ForEach-Object { "data/$Kind-$_" }
        $module = 'spottrainer-3/log.txt', 'spottrainer-3/status.json'
        $fetched.Files | Sort-Object | Should -Be (@($own) + $data + $module + 'sub/last' + 'linked' + $File | Sort-Object)
        Get-ChildItem -LiteralPath $out -Recurse -File | ForEach-Object { [System.IO.Path]::GetRelativePath($out, $_.FullName) } | Sort-Object |
            Should -Be ($fetched.Files | Sort-Object)
        @($own) + 'sub/last' | ForEach-Object { [System.IO.File]::ReadAllText((Join-Path $out $_)) | Should -Be 'mine' }
        [System.IO.File]::ReadAllText((Join-Path $out 'linked')) | Should -Be 'old'
        $data | ForEach-Object { [System.IO.File]::ReadAllText((Join-Path $out $_)) } | Should -Be 'oldnew', 'x', 'new'
        $fetched.LogPath | Should -Be (Join-Path $out 'spottrainer-3/log.txt')
        (Get-Content -LiteralPath (Join-Path $out 'spottrainer-3/status.json') -Raw | ConvertFrom-Json).state | Should -Be 'succeeded'
    }

    It 'fetches no data that was sent while the job ran, but all that the job made of it' {
        $null = Get-TestStack
        $instance = Get-TestInstance
        $sent = (New-Item -ItemType Directory (Join-Path $TestDrive 'sent-meanwhile')).FullName
        'kept', 'changed' | ForEach-Object { Set-Content -LiteralPath (Join-Path $sent "meanwhile-$_.csv") 'sent' }
        $path = Join-Path $TestDrive 'meanwhile.py'
        Set-Content -LiteralPath $path @'
import os, time
while not os.path.exists('go'):
    time.sleep(0.05)
with open('data/meanwhile-changed.csv', 'a') as file:
    file.write('more')
with open('data/meanwhile-made', 'w') as file:
    file.write('made')
'@
        $job = $instance | Start-TrainingJob $path
        $instance | Send-TrainingData $sent | Out-Null

        # It is not marked as fetched while it can still write.
        $mark = "test -e ~/spottrainer/control/$($job.Id)/received"
        ($job | Receive-TrainingResult -Destination (Join-Path $TestDrive 'early')).Files | Should -Contain 'meanwhile.py'
        ($instance | Invoke-TrainingCommand $mark -Result -AllowFailure).ExitCode | Should -Be 1

        $null = $instance | Invoke-TrainingCommand "touch $($job.Folder)/go"
        $fetched = $job | Wait-TrainingJob | Receive-TrainingResult -Destination (Join-Path $TestDrive 'meanwhile')
        $fetched.Files | Where-Object { $_ -like 'data/*' } | Should -Be 'data/meanwhile-changed.csv', 'data/meanwhile-made'
        ($instance | Invoke-TrainingCommand $mark -Result).ExitCode | Should -Be 0
    }

    It 'is an error if nothing at all can be written' {
        $record = Get-StepError { Get-TestEndedJob | Receive-TrainingResult -Destination /proc -WarningAction Ignore }
        Assert-StepErrorId $record LocalPathFailed
    }
}
