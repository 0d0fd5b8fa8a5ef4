#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
    $secret = ConvertTo-SecureString 'made for tests' -AsPlainText -Force
}

Describe 'Keys' {
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
        $keys[0].Ec2Fingerprint | Should -HaveCount 2
    }

    It 'goes there and back in one pipeline' {
        $there = ConvertTo-PuttyKey -Path (Join-Path $folder 'key1.pem') -Destination (Join-Path $folder 'locked.ppk') -NewPassphrase $secret -Argon2Memory 64 -Argon2Passes 1
        $there.Encrypted | Should -BeTrue
        $back = $there | ConvertFrom-PuttyKey -Passphrase $secret -NewPassphrase ([securestring]::new()) -Format PEM
        $back.Path | Should -Be (Join-Path $folder 'locked.pem')
        $back.Encrypted | Should -BeFalse
        $copy = [System.Security.Cryptography.RSA]::Create()
        $copy.ImportFromPem((Get-Content -Raw -LiteralPath $back.Path))
        $copy.ExportRSAPrivateKeyPem() | Should -Be $rsa.ExportRSAPrivateKeyPem()
    }

    It 'tells a wrong passphrase' {
        $null = ConvertTo-PuttyKey -Path (Join-Path $folder 'key2.pem') -Destination (Join-Path $folder 'wrong.ppk') -NewPassphrase $secret -Version 2
        $other = ConvertTo-SecureString 'another' -AsPlainText -Force
        Assert-StepError (Get-StepError { ConvertFrom-PuttyKey -Path (Join-Path $folder 'wrong.ppk') -Passphrase $other }) KeyPassphraseWrong AuthenticationError
        Assert-StepError (Get-StepError { ConvertFrom-PuttyKey -Path (Join-Path $folder 'wrong.ppk') }) KeyEncrypted AuthenticationError
        Join-Path $folder 'wrong.pem' | Should -Not -Exist
    }

    It 'completes formats' {
        (TabExpansion2 'ConvertFrom-PuttyKey -Format ' 29).CompletionMatches.CompletionText | Should -Be 'OpenSSH', 'PEM', 'PKCS8'
    }

    It 'shows a table' {
        ConvertTo-PuttyKey -Path (Join-Path $folder 'key3.pem') -Force | Out-String -Width 200 |
            Should -Match 'Algorithm\s+Bits Version Encrypted Fingerprint'
    }
}
