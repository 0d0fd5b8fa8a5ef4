#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Send-TrainingData' {
    It 'names data that are not there' {
        $path = Join-Path $TestDrive 'missing.csv'
        $record = Get-StepError { @() | Send-TrainingData -Path $path }
        Assert-StepError $record DataNotFound ObjectNotFound
        "$($record.TargetObject)" | Should -Be $path
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
        (Get-StepError { @() | Send-TrainingData @uri -Sha256 abc }).FullyQualifiedErrorId | Should -Match ParameterArgumentValidationError
        Assert-StepError (Get-StepError { @() | Send-TrainingData @uri -FileName ../x }) UriNameInvalid InvalidArgument
        Assert-StepError (Get-StepError { @() | Send-TrainingData @uri -FileName x, y }) UriCountDiffers InvalidArgument
        Assert-StepError (Get-StepError { @() | Send-TrainingData @uri -Sha256 ('0' * 64), ('1' * 64) }) UriCountDiffers InvalidArgument
    }

    It 'takes files or addresses, not both' {
        { @() | Send-TrainingData -Path x.csv -Uri https://example.org/x.zip } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
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
        Show $data | Should -Match 'Instance\s+Files\s+KiB\s+Seconds\s+Destination'
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

    It 'says of a server that the host cannot reach what to do' {
        $record = Get-StepError { Get-TestInstance | Send-TrainingData -Uri 'https://none.invalid/x.zip?key=made-for-tests-5ecre7' }
        Assert-StepError $record UriUnreachable ConnectionError
        "$record" | Should -Match 'https://none.invalid/x.zip'
        "$record" | Should -Not -Match '5ecre7'
    }
}
