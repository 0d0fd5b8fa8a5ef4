#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'ConvertTo-PuttyKey' {
    BeforeAll {
        $folder = Join-Path $TestDrive 'keys'
        $null = New-Item -ItemType Directory $folder
        $rsa = [System.Security.Cryptography.RSA]::Create(2048)
        1..3 | ForEach-Object { Set-Content -LiteralPath (Join-Path $folder "key$_.pem") -Value $rsa.ExportRSAPrivateKeyPem() -Encoding Ascii }
    }

    It 'takes files from Get-ChildItem' {
        $keys = Get-ChildItem -Path $folder -Filter *.pem | ConvertTo-PuttyKey
        $keys | Should -HaveCount 3
        $keys.Path | Sort-Object | Should -Be (1..3 | ForEach-Object { Join-Path $folder "key$_.ppk" })
        $keys[0].Fingerprint | Should -Match '^SHA256:'
        $keys[0].Ec2Fingerprints | Should -HaveCount 2
    }

    It 'shows a table' {
        ConvertTo-PuttyKey -Path (Join-Path $folder 'key3.pem') -Force | Out-String -Width 200 |
            Should -Match 'Algorithm\s+Bits Version Encrypted Fingerprint'
    }

    It 'takes brackets literally' {
        $place = Join-Path $TestDrive 'keys [2024]'
        $null = New-Item -ItemType Directory $place
        Copy-Item -LiteralPath (Join-Path $folder 'key1.pem') -Destination (Join-Path $place 'key[1].pem')
        Push-Location -LiteralPath $place
        (ConvertTo-PuttyKey 'key[1].pem').Path | Should -Be (Join-Path $place 'key[1].ppk')
        (ConvertTo-PuttyKey *.pem -Force).Path | Should -Be (Join-Path $place 'key[1].ppk')
        Assert-StepError (Get-StepError { ConvertTo-PuttyKey 'none[1].pem' }) KeyNotFound ObjectNotFound
        Pop-Location
    }

    It 'shows nothing of the text of a key' {
        $text = Get-Content -LiteralPath (Join-Path $folder 'key1.pem')
        $record = Get-StepError { $text | ConvertTo-PuttyKey }
        Assert-StepError $record ArgumentIsKeyText InvalidArgument
        foreach ($line in $text) {
            $record | Format-List * -Force | Out-String | Should -Not -Match ([regex]::Escape($line))
        }
    }

    It 'names a key that is not there' {
        $path = Join-Path $TestDrive 'missing.pem'
        $record = Get-StepError { ConvertTo-PuttyKey -Path $path }
        Assert-StepError $record KeyNotFound ObjectNotFound
        $record.TargetObject | Should -Be $path
    }

    It 'names a key that can not be read' {
        $path = Join-Path $TestDrive 'broken.pem'
        Set-Content -LiteralPath $path -Value 'no key'
        $record = Get-StepError { ConvertTo-PuttyKey -Path $path }
        Assert-StepError $record KeyUnreadable InvalidData
        $record.TargetObject | Should -Be $path
        Join-Path $TestDrive 'broken.ppk' | Should -Not -Exist
    }
}

Describe 'ConvertTo-PuttyKey on a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'writes no PuTTY key with -WhatIf' {
        $path = Join-Path $TestDrive 'key.ppk'
        $pair = New-TrainingKeyPair -Name putty
        $pair | ConvertTo-PuttyKey -Destination $path -WhatIf | Should -BeNullOrEmpty
        $path | Should -Not -Exist
        ($pair | ConvertTo-PuttyKey -Destination $path).Fingerprint | Should -Be $pair.Fingerprint
        Get-Content -LiteralPath $path -TotalCount 1 | Should -Be 'PuTTY-User-Key-File-3: ssh-ed25519'
    }
}
